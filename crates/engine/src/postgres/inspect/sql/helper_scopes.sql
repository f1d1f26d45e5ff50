-- Who has which rows.
SELECT account, role, "values", ends FROM rolecall.scope ORDER BY account, role
