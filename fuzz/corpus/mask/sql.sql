ALTER ROLE joe PASSWORD 'x1'; SET app.token = x2; SELECT set_config('app.secret', 'x3', false);
SELECT * FROM u WHERE 'x4' = password AND pin_code = 1234 AND crypt('x5', hash) = h;
INSERT INTO t (name, api_key) VALUES ('ok', 'x6'); COPY t FROM PROGRAM 'curl x7';
DO $$ BEGIN EXECUTE 'SET my.jwt = ''x8'''; END $$; CREATE TABLE t (otp text DEFAULT 'x9');
