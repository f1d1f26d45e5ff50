-- When the server started: a replica behind the same host name did at another instant.
SELECT pg_postmaster_start_time()
