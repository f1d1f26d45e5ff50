-- The number that initdb drew for this server.
SELECT system_identifier FROM pg_control_system()
