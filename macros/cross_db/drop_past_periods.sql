{# Takes the periods out of a table of history, on Spark, that are no more: no period that is built overwrites them. #}
{% macro drop_past_periods() %}
    {% if execute and is_incremental() %}
        {% for row in run_query(
            'select period_end_date from ' ~ this ~ ' where period_end_date not in (select period_end_date from '
            ~ ref('int_periods_fingerprinted') ~ ') group by 1'
        ).rows %}
            {% do run_query('alter table ' ~ this ~ " drop if exists partition (period_end_date = '" ~ row[0] ~ "')") %}
        {% endfor %}
    {% endif %}
{% endmacro %}
