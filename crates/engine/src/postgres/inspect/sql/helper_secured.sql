-- The tables whose row security Rolecall turned on.
SELECT table_schema, table_name FROM ONLY rolecall.row_security ORDER BY 1, 2
