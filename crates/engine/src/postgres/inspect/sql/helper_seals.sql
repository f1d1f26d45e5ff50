-- What PostgreSQL made of each row policy that Rolecall wrote.
SELECT table_schema, table_name, policy, source, using_text, check_text FROM ONLY rolecall.seal ORDER BY 1, 2, 3
