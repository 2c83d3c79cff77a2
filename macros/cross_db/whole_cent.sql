{#
    A quantile, or the whole cent that it is within a hundredth of a cent of. Between equal values engines may come out a
    hair off. No other quantile is as near to a cent: values are in cents, and parts are at most ten.
#}
{% macro whole_cent(quantile) %}
    {% set in_cents = 'round(' ~ quantile ~ ', 2)' %}
    {% do return(
        'case when abs(' ~ quantile ~ ' - ' ~ in_cents ~ ') < 0.0001 then ' ~ in_cents ~ ' else ' ~ quantile ~ ' end'
    ) %}
{% endmacro %}
