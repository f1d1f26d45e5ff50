-- Who has which rows.
SELECT account, role, "values", ends FROM ONLY rolecall.scope ORDER BY account, role
