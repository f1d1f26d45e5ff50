-- Where pg_control_system() is denied: the address of the server's end of the session.
SELECT format('at %s:%s', coalesce(host(inet_server_addr()), 'socket'), current_setting('port'))
