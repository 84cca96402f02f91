-- A new version of the price book. The very first holds since ever, later ones from the next full hour. At a start with a
-- changed catalog, under the table's lock.
insert into services.price_book (content, content_sha256, service_types, effective_from)
select
  $1, $2, $3,
  case
    when max(effective_from) is null then 'epoch'
    else greatest(date_trunc('hour', now()) + interval '1 hour', max(effective_from))
  end
from services.price_book
returning price_book_id, content_sha256, effective_from
