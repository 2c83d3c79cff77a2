{# The three scores side by side, as text: 555 is the best of 125 cells. With ten scores they are set apart by dashes. #}
{% macro rfm_cell(r_score, f_score, m_score) %}
    {% set separator = "'-'" if tierwise.setting('rfm_score_count') > 9 else "''" %}
    {% do return(
        'concat(' ~ ['cast(' ~ r_score ~ ' as string)', separator, 'cast(' ~ f_score ~ ' as string)', separator,
        'cast(' ~ m_score ~ ' as string)'] | join(', ') ~ ')'
    ) %}
{% endmacro %}
