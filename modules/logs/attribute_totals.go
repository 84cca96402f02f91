package logs

import "strings"

// The counts of the meter (sql/meter_batches.sql), for rows that change their owner after they were counted.
var (
	hourCounts = [][2]string{
		{"requests", "count(*)"},
		{"billable", "count(*) filter (where billable)"},
		{"bytes", "coalesce(sum(bytes_sent) filter (where reached), 0)::bigint"},
	}
	chartCounts = append(hourCounts[:len(hourCounts):len(hourCounts)], [][2]string{
		{"status_2xx", "count(*) filter (where status between 200 and 299)"},
		{"status_3xx", "count(*) filter (where status between 300 and 399)"},
		{"status_4xx", "count(*) filter (where status between 400 and 499)"},
		{"status_429", "count(*) filter (where status = 429)"},
		{"status_5xx", "count(*) filter (where status between 500 and 599)"},
		{"status_other", "count(*) filter (where status not between 200 and 599)"},
		{"duration_sum_ms", "sum(greatest(duration_ms, 0))::bigint"},
		{"took_5", "count(*) filter (where duration_ms between 0 and 5)"},
		{"took_10", "count(*) filter (where duration_ms between 6 and 10)"},
		{"took_25", "count(*) filter (where duration_ms between 11 and 25)"},
		{"took_50", "count(*) filter (where duration_ms between 26 and 50)"},
		{"took_100", "count(*) filter (where duration_ms between 51 and 100)"},
		{"took_250", "count(*) filter (where duration_ms between 101 and 250)"},
		{"took_500", "count(*) filter (where duration_ms between 251 and 500)"},
		{"took_1000", "count(*) filter (where duration_ms between 501 and 1000)"},
		{"took_2500", "count(*) filter (where duration_ms between 1001 and 2500)"},
		{"took_5000", "count(*) filter (where duration_ms between 2501 and 5000)"},
		{"took_10000", "count(*) filter (where duration_ms between 5001 and 10000)"},
		{"took_more", "count(*) filter (where duration_ms > 10000)"},
	}...)
)

// moveTotals are the statements that move what was counted of the rows in pg_temp.attributed from nobody to customer $1, in the
// meter's order of tables. Rows whose batch is not metered yet are in no total: the meter counts them for their new owner.
var moveTotals = func() (all []string) {
	for _, t := range []struct {
		table, bucket, width, revision string
		counts                         [][2]string
	}{
		{"logs.usage_hours", "hour", "1 hour", "revision", hourCounts},
		{"logs.rollup_hours", "bucket", "1 hour", "", chartCounts},
		{"logs.rollup_minutes", "bucket", "1 minute", "", chartCounts},
	} {
		var names, sums, less, more []string
		for _, c := range t.counts {
			names = append(names, c[0])
			sums = append(sums, c[1]+" as "+c[0])
			less = append(less, c[0]+" = t."+c[0]+" - d."+c[0])
			more = append(more, c[0]+" = t."+c[0]+" + excluded."+c[0])
		}
		counted := "select service, date_bin('" + t.width + "', timestamp, timestamptz '2000-01-01 00:00:00+00') as bucket, " +
			strings.Join(sums, ", ") + " from pg_temp.attributed where metered group by 1, 2 order by 1, 2"
		columns, values := strings.Join(names, ", "), strings.Join(names, ", ")
		if t.revision != "" {
			columns, values = columns+", "+t.revision, values+", 1"
			less, more = append(less, "revision = t.revision + 1"), append(more, "revision = t.revision + 1")
		}
		all = append(all,
			"update "+t.table+" t set "+strings.Join(less, ", ")+" from ("+counted+") d where t.customer_id = 0 and $1::bigint <> 0 and t.service = d.service and t."+t.bucket+" = d.bucket",
			"delete from "+t.table+" where customer_id = 0 and requests = 0 and $1::bigint <> 0",
			"insert into "+t.table+" as t (customer_id, service, "+t.bucket+", "+columns+") select $1, service, bucket, "+values+" from ("+counted+") d on conflict (customer_id, service, "+t.bucket+") do update set "+strings.Join(more, ", "),
		)
	}
	return all
}()
