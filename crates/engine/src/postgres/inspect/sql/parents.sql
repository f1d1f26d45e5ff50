-- Which tables are parts of which: partitions and children by inheritance, whose rows a reader of the parent sees.
SELECT inhrelid, inhparent
FROM pg_inherits
JOIN pg_class ON pg_class.oid = inhrelid
WHERE relkind IN ('r', 'p', 'f')
ORDER BY 1, 2
