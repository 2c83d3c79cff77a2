{#
    How much of the probability that a model gave to what happened lies in its central 80 %: a count has no interval of
    exactly 80 %, but over all customers this comes to 0.8 where the model is right (Czado, Gneiting, Held 2009).
#}
{% macro central_share(cdf_below, cdf_at) %}
    {% do return(
        'case when ' ~ cdf_at ~ ' > ' ~ cdf_below ~ ' then greatest(least(' ~ cdf_at ~ ', 0.9) - greatest(' ~ cdf_below
        ~ ', 0.1), 0) / (' ~ cdf_at ~ ' - ' ~ cdf_below ~ ') else 0 end'
    ) %}
{% endmacro %}
