-- The version of the price book that prices a service at a time: the newest in force that knows it, otherwise the first
-- that does. For every hour billed; the table has one row for each change of prices.
select price_book_id
from services.price_book
where service_types @> array[$1::text]
order by
  effective_from <= $2 desc,
  case when effective_from <= $2 then effective_from end desc,
  effective_from,
  price_book_id desc
limit 1
