{#
    The number by which rows know their file: from its content, so that a file that is delivered again under another
    name is the same file. A source whose content nobody has hashed (a table, a remote file) goes by its name.
#}
{% macro file_key(sha256, name) %}
    {% set digest = sha256 or local_md5(name) %}
    {% do return(digest[:15] | int(0, 16)) %}
{% endmacro %}
