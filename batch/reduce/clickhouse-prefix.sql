-- The settings under which ClickHouse runs reduce.sql unchanged, in the same session before it.
SET default_table_engine = 'MergeTree';
SET create_table_empty_primary_key_by_default = 1;
SET join_use_nulls = 1;
SET union_default_mode = 'DISTINCT';
SET cast_keep_nullable = 1;
SET prefer_column_name_to_alias = 1;
SET transform_null_in = 0;
SET final = 1;
SET output_format_json_quote_64bit_integers = 0;
