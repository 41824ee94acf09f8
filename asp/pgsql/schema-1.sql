-- asp, schema 1: the store of app passwords for many machines. For a database of its own, in UTF8.
--
-- Run by a role that may make roles, owns the database and may create in it; best by a superuser. Three statements, each of
-- which is done whole or not at all. Nothing in here is psql's own.
--
-- Who runs it again changes nothing: what is missing of roles, owners and rights is made, which a dump of the database may
-- not bring along, and a store that is there is left alone. It is not even locked, for logins would wait behind that.
--
-- Three roles:
--   asp_owner  owns all of it and cannot log in
--   asp_node   the broker's, on each machine. It changes accounts by the functions alone; still, who has it can revoke, and
--              can write what it likes into an account
--   asp_admin  root's: the same, and reads and tidies the tables
-- They are the cluster's. With two stores in it pg_hba.conf says who comes to which.

DO $asp$
DECLARE
  role record;
  setting record;
BEGIN
  -- Where others may create, as everybody could in `public` up to PostgreSQL 14, a function of theirs could be taken for one
  -- of the system's, and would be run with the rights of who runs this.
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'asp: this database is in %, and not in UTF8', current_setting('server_encoding');
  END IF;

  FOR role IN VALUES ('asp_owner', 'NOLOGIN'), ('asp_node', 'LOGIN'), ('asp_admin', 'LOGIN') LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = role.column1) THEN
      EXECUTE format('CREATE ROLE %I %s', role.column1, role.column2);
    END IF;
  END LOOP;
  IF NOT pg_has_role('asp_admin', 'asp_node', 'USAGE') THEN
    GRANT asp_node TO asp_admin;
  END IF;
  -- Without that a role that may make roles, and is no superuser, could not hand anything over to it.
  IF NOT pg_has_role(current_user, 'asp_owner', 'USAGE') THEN
    GRANT asp_owner TO CURRENT_USER;
  END IF;

  -- The roles' and not the connection's: pgbouncer drops what a connection asks for. What somebody has set stays.
  -- asp_admin copies and checks, which takes as long as it takes: the tool has a bound for each statement.
  FOR setting IN VALUES
    ('asp_node', 'statement_timeout', '2s'), ('asp_node', 'lock_timeout', '1s'),
    ('asp_node', 'idle_in_transaction_session_timeout', '2s'), ('asp_node', 'search_path', 'pg_catalog'),
    ('asp_admin', 'statement_timeout', '0'), ('asp_admin', 'lock_timeout', '1s'), ('asp_admin', 'search_path', 'pg_catalog')
  LOOP
    IF NOT EXISTS (
      SELECT FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
      CROSS JOIN unnest(s.setconfig) c
      WHERE r.rolname = setting.column1 AND s.setdatabase = 0 AND c LIKE setting.column2 || '=%'
    ) THEN
      EXECUTE format('ALTER ROLE %I SET %s = %L', setting.column1, setting.column2, setting.column3);
    END IF;
  END LOOP;

  -- Nobody else has any business here; and a temporary table, which everybody may make, is a name that functions could
  -- take for ours.
  IF has_database_privilege('public', current_database(), 'CONNECT, TEMP') THEN
    EXECUTE format('REVOKE CONNECT, TEMP ON DATABASE %I FROM PUBLIC', current_database());
  END IF;
  IF has_database_privilege('public', current_database(), 'CONNECT, TEMP') THEN
    RAISE EXCEPTION 'asp: everybody may connect to this database, and % may not change that', current_user
      USING ERRCODE = 'insufficient_privilege', HINT = 'Run it as the owner of the database.';
  END IF;
  -- What root's asp-admin calls there is the system's then too, whatever a node has made before.
  IF EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public') THEN
    IF has_schema_privilege('public', 'public', 'CREATE') THEN
      REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;
    IF has_schema_privilege('public', 'public', 'CREATE') THEN
      RAISE EXCEPTION 'asp: everybody may create in schema public, and % may not change that', current_user
        USING ERRCODE = 'insufficient_privilege', HINT = 'Run it as a superuser, or drop that schema.';
    END IF;
  END IF;
  IF NOT has_database_privilege('asp_node', current_database(), 'CONNECT')
     OR NOT has_database_privilege('asp_admin', current_database(), 'CONNECT') THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO asp_node, asp_admin', current_database());
  END IF;
END $asp$;

DO $asp$
DECLARE
  before text;
  found text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  before := current_setting('role');
  IF EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'asp' AND c.relname = 'store') THEN
    SELECT s.schema INTO STRICT found FROM asp.store s;
    RAISE NOTICE 'asp: this database has a store, of schema %: it is left as it is', found;
    RETURN;
  END IF;

  CREATE SCHEMA asp AUTHORIZATION asp_owner;
  PERFORM set_config('role', 'asp_owner', true);

  -- Tables

  -- What this is. A node keeps `id` and `parts`, and has nothing to do with another store. Nodes that know no schema from
  -- `oldest` on are told to be upgraded; 0: the store has moved, nobody writes to it, and `before` is what it was.
  CREATE TABLE asp.store (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    schema int NOT NULL,
    oldest int NOT NULL CHECK (oldest BETWEEN 0 AND schema),
    before int NOT NULL DEFAULT 1 CHECK (before BETWEEN 1 AND schema),
    parts smallint NOT NULL DEFAULT 64 CHECK (parts BETWEEN 1 AND 256),
    uses_since timestamptz NOT NULL DEFAULT clock_timestamp() -- uses are known from then on
  );

  -- When a write was last known to be on the standbys: see beat().
  CREATE TABLE asp.pulse (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  -- The head of each part's events: how many there were, and the tag of the last one. A number from a row that the same
  -- transaction has locked is seen in order, without a gap. A sequence's is not: who reads 7 before 6 is committed never
  -- hears of 6. A row for each part, for revocations wait for each other there. Up to `floor` they were tidied away.
  CREATE TABLE asp.feed (
    part smallint PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,
    tag bigint NOT NULL DEFAULT 0,
    floor bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);

  -- An account is the text that a file would hold. Each write gives it a new tag; `past` has the last 64, so that a write
  -- whose answer was lost is known again. `body` is NULL where the account was removed: its tag stays, or who read the
  -- account in its life before could write to the next. `name` is in the form %XX, and never shortened. It is stored
  -- uncompressed, for it hardly compresses.
  CREATE TABLE asp.account (
    part smallint NOT NULL REFERENCES asp.feed,
    name text COLLATE "C" NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 762),
    tag bigint NOT NULL,
    past bigint[] NOT NULL,
    written timestamptz NOT NULL DEFAULT clock_timestamp(),
    body bytea CHECK (octet_length(body) <= 8388608), -- a longer one would be none of ours
    PRIMARY KEY (part, name)
  ) WITH (fillfactor = 80);
  ALTER TABLE asp.account ALTER body SET STORAGE EXTERNAL;

  -- The last use of each entry; apart from the account, for it is written far more often and may be lost. Who lists
  -- accounts reads all of them, so there are no longer ones than a node writes, and no more than an account has ids.
  CREATE TABLE asp.used (
    part smallint,
    name text COLLATE "C",
    id text COLLATE "C" CHECK (id ~ '^[0-9a-z]{1,2}$'),
    created bigint NOT NULL, -- of the entry, as its line has it
    last bigint NOT NULL,
    service text COLLATE "C" NOT NULL CHECK (octet_length(service) <= 64),
    host text COLLATE "C" NOT NULL CHECK (octet_length(host) <= 160),
    PRIMARY KEY (part, name, id)
  ) WITH (fillfactor = 70);

  -- When entries expire: nothing is written then, so each node asks for what has expired since it last did.
  CREATE TABLE asp.expiry (
    part smallint,
    name text COLLATE "C",
    id text COLLATE "C" CHECK (id ~ '^[0-9a-z]{1,2}$'),
    at timestamptz NOT NULL CHECK (date_trunc('second', at) = at), -- as a text has it, and as a node asks for it
    PRIMARY KEY (part, name, id)
  );
  CREATE INDEX expiry_at ON asp.expiry (at, part, name, id);

  -- What was revoked: all that a hook is told, so that no account is read for it. Each node reads it, so there is no more of
  -- it than an account can have: 1024 ids, labels of 256 bytes, names of 64.
  CREATE TABLE asp.ended (
    part smallint,
    seq bigint,
    tag bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    name text COLLATE "C" NOT NULL,
    event text NOT NULL CHECK (octet_length(event) <= 64),
    ids text NOT NULL CHECK (octet_length(ids) <= 1024 * 3),
    labels text NOT NULL CHECK (octet_length(labels) <= 1024 * 257),
    apps text NOT NULL CHECK (octet_length(apps) <= 1024 * 65),
    services text NOT NULL CHECK (octet_length(services) <= 1024 * 65),
    reason text NOT NULL CHECK (octet_length(reason) <= 256),
    by_whom text NOT NULL CHECK (octet_length(by_whom) <= 254),
    via text NOT NULL CHECK (octet_length(via) <= 64),
    PRIMARY KEY (part, seq)
  );

  -- Whose primary password was set, as any node has seen it: a number that is another one each time. There is no name in it:
  -- some accounts share a place, and then it looks as if that of each was set.
  CREATE TABLE asp.password (
    part smallint,
    place int,
    mark bigint NOT NULL,
    PRIMARY KEY (part, place)
  );

  -- Who does what one node alone may do, and until when.
  CREATE TABLE asp.lease (
    what text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    until timestamptz NOT NULL
  );

  INSERT INTO asp.store (schema, oldest) VALUES (1, 1);
  INSERT INTO asp.pulse DEFAULT VALUES;
  INSERT INTO asp.feed (part) SELECT generate_series(0, s.parts - 1) FROM asp.store s;

  -- What this transaction has done is on the standbys when its end is reported, whatever the database is set to. Called by
  -- functions: the SET of one of them would be over before the commit.
  CREATE FUNCTION asp.be_synchronous() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
      PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
  END $$;

  -- Functions of nodes
  --
  -- They are what a store is to a node: a later schema keeps them. They are the owner's, who alone may write to the tables,
  -- and none of their names is looked for where another could have put one. plpgsql throughout: its queries are planned
  -- once for a connection, those of a function in SQL at each call, which takes several times as long.

  -- All that a login asks for, in one row, always. Of an account that is not there or was removed `body` is NULL; of the
  -- latter there is a `tag`. `used_...` is the last use of the entry `wanted`, NULL where none is known. P0002: this is no
  -- store. The pulse's age is in milliseconds, and below 0 where it is later than the clock. 25006: this is a standby, which
  -- may not know yet what was revoked. A node has asked for that when it came; but behind what pools connections each
  -- statement may be at another server.
  CREATE FUNCTION asp.load(
    p smallint, who text, wanted text,
    OUT store uuid, OUT schema int, OUT oldest int, OUT parts smallint, OUT now timestamptz, OUT pulse_age bigint,
    OUT uses_since timestamptz, OUT tag bigint, OUT body bytea, OUT written timestamptz,
    OUT used_created bigint, OUT used_last bigint, OUT used_service text, OUT used_host text
  )
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF pg_is_in_recovery() THEN
      RAISE read_only_sql_transaction;
    END IF;
    now := clock_timestamp();
    -- LIMIT, though there is one row: a table that nobody has analysed is taken for a thousand rows, and two of them for a
    -- million, for which the server compiles the query. That takes a hundred times as long as the answer.
    SELECT s.id, s.schema, s.oldest, s.parts, floor(date_part('epoch', load.now - b.at) * 1000), s.uses_since,
           a.tag, a.body, a.written, u.created, u.last, u.service, u.host
      INTO STRICT store, schema, oldest, parts, pulse_age, uses_since,
           tag, body, written, used_created, used_last, used_service, used_host
      FROM (SELECT * FROM asp.store LIMIT 1) s
      CROSS JOIN (SELECT * FROM asp.pulse LIMIT 1) b
      LEFT JOIN asp.account a ON a.part = p AND a.name = who
      LEFT JOIN asp.used u ON u.part = p AND u.name = who AND u.id = wanted;
  END $$;

  -- All last uses of an account, each with the time from which on uses are known; where there is none, a row that has that
  -- time alone.
  CREATE FUNCTION asp.uses(p smallint, who text)
  RETURNS TABLE (id text, created bigint, last bigint, service text, host text, since timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    RETURN QUERY SELECT u.id, u.created, u.last, u.service, u.host, s.uses_since
      FROM asp.store s LEFT JOIN asp.used u ON u.part = p AND u.name = who WHERE s.one = true ORDER BY u.id;
  END $$;

  -- Puts a text in the place of the one whose tag is `was`, which gets the tag `new`: a random number, never used twice.
  -- `was` NULL: there is no account. `new_body` NULL: the account is removed. `xid` and `xat`: all expiries that are still
  -- to come. `event`, and all after it: what is to be told of it; '' or NULL: nothing is.
  --
  -- 1: it is done; also where it was done before, and the answer was lost. That is on the standbys too by then, for the end
  -- of what has locked a row waits for them as that of what has written one: a primary that was restarted shows what they
  -- never had. 0: it is another one by now, or the store has moved; load() tells.
  --
  -- The counter comes last, for all revocations of a part wait for it: each who holds it has what it needs.
  CREATE FUNCTION asp.write(
    p smallint, who text, was bigint, new bigint, new_body bytea, xid text[], xat timestamptz[],
    event text, ids text, labels text, apps text, services text, reason text, by_whom text, via text
  ) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    o record;
    s bigint;
  BEGIN
    -- First: who says it again, because the first time was given up before the standbys had it, waits for them too.
    PERFORM asp.be_synchronous();
    SELECT a.tag, a.past, a.body IS NULL AS removed INTO o
      FROM asp.account a WHERE a.part = p AND a.name = who FOR NO KEY UPDATE;
    IF new = ANY (o.past) THEN
      RETURN 1;
    END IF;
    IF o.tag IS DISTINCT FROM was AND NOT (was IS NULL AND o.removed) THEN
      RETURN 0;
    END IF;
    -- After the line above, and not in it: from there on close_store() waits for us, and before it we wait for that.
    IF (SELECT t.oldest = 0 FROM asp.store t WHERE t.one = true) THEN
      RETURN 0;
    END IF;

    IF o.tag IS NULL THEN
      INSERT INTO asp.account (part, name, tag, past, body) VALUES (p, who, new, ARRAY[new], new_body)
        ON CONFLICT DO NOTHING;
      IF NOT FOUND THEN -- somebody was faster: we ourselves, maybe, by a connection that was given up
        PERFORM FROM asp.account a WHERE a.part = p AND a.name = who AND new = ANY (a.past) FOR NO KEY UPDATE;
        RETURN FOUND::int;
      END IF;
    ELSE
      UPDATE asp.account SET tag = new, past = (ARRAY[new] || o.past)[1:64], body = new_body, written = clock_timestamp()
        WHERE part = p AND name = who;
    END IF;

    IF new_body IS NULL THEN
      xid := '{}';
      xat := '{}';
      DELETE FROM asp.used u WHERE u.part = p AND u.name = who;
    END IF;
    -- What has expired has: a node that has not asked yet is still to be told of it. tidy() takes that away.
    DELETE FROM asp.expiry e WHERE e.part = p AND e.name = who AND e.at > clock_timestamp() AND e.id <> ALL (xid);
    INSERT INTO asp.expiry AS e SELECT p, who, x.id, x.at FROM unnest(xid, xat) x(id, at)
      ON CONFLICT (part, name, id) DO UPDATE SET at = EXCLUDED.at WHERE e.at <> EXCLUDED.at;

    IF event <> '' THEN
      UPDATE asp.feed SET seq = seq + 1, tag = new WHERE part = p RETURNING seq INTO STRICT s;
      INSERT INTO asp.ended VALUES
        (p, s, new, clock_timestamp(), who, event, ids, labels, apps, services, reason, by_whom, via);
    END IF;
    RETURN 1;
  END $$;

  -- Records last uses, one of each array: part, name, id, when the entry was created, the use, its service and its host.
  -- The later one stays, whatever comes first and how often; none is later than now. Not durable at once: it may be lost.
  CREATE FUNCTION asp.record(p smallint[], n text[], i text[], c bigint[], l bigint[], s text[], h text[]) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    now bigint := floor(date_part('epoch', clock_timestamp()));
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    -- In the order of the keys: two of these at once, with the same keys, wait for each other and never in a circle. One
    -- row of each key, for ON CONFLICT takes no second.
    INSERT INTO asp.used AS u (part, name, id, created, last, service, host)
      SELECT DISTINCT ON (r.part, r.name, r.id) r.part, r.name, r.id, r.created, r.last, r.service, r.host
      FROM (
        SELECT t.part, t.name COLLATE "C", t.id COLLATE "C", t.created, LEAST(t.last, now) AS last,
               t.service COLLATE "C", t.host COLLATE "C"
        FROM unnest(p, n, i, c, l, s, h) t(part, name, id, created, last, service, host)
      ) r
      ORDER BY r.part, r.name, r.id, r.created DESC, r.last DESC, r.service DESC, r.host DESC
    ON CONFLICT (part, name, id) DO UPDATE
      SET created = EXCLUDED.created, last = EXCLUDED.last, service = EXCLUDED.service, host = EXCLUDED.host
      WHERE (u.created, u.last, u.service, u.host) < (EXCLUDED.created, EXCLUDED.last, EXCLUDED.service, EXCLUDED.host);
  END $$;

  -- Notes that the primary password of somebody at this place was set, by a random number that was never used before. It
  -- lasts: after a fail-over without it the number of before would be there again.
  CREATE FUNCTION asp.note_password(p smallint, at int, number bigint) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM asp.be_synchronous();
    INSERT INTO asp.password VALUES (p, at, number) ON CONFLICT (part, place) DO UPDATE SET mark = EXCLUDED.mark;
  END $$;

  -- The number that it was noted by last; 0: it was not. 25006: as with load().
  CREATE FUNCTION asp.password_mark(p smallint, at int) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    IF pg_is_in_recovery() THEN
      RAISE read_only_sql_transaction;
    END IF;
    RETURN COALESCE((SELECT w.mark FROM asp.password w WHERE w.part = p AND w.place = at), 0);
  END $$;

  -- A synchronous write, at most once a second for all nodes: who reads that it was long ago may be talking to a primary
  -- that is none any more. Nobody waits for one that hangs: its row is passed over. After a fail-over to a clock that is
  -- behind, the last one is in the future, and looks fresh for as long: so that is written over too.
  CREATE FUNCTION asp.beat() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM asp.be_synchronous();
    UPDATE asp.pulse SET at = clock_timestamp() WHERE one IN (
      SELECT b.one FROM asp.pulse b
      WHERE b.one = true AND b.at NOT BETWEEN clock_timestamp() - interval '1 s' AND clock_timestamp()
      FOR UPDATE SKIP LOCKED);
  END $$;

  -- Functions of asp_admin alone

  -- The events of these parts from these numbers on, in order, 100 of a part: where there are as many, ask for more. That
  -- of the number itself comes too, so that the caller sees whether it is still the one that it heard.
  CREATE FUNCTION asp.since(parts smallint[], cursors bigint[])
  RETURNS TABLE (
    part smallint, seq bigint, tag bigint, at timestamptz, name text, event text, ids text, labels text, apps text,
    services text, reason text, by_whom text, via text
  )
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    -- LATERAL, with a limit: as a plain join it would be read from one end to the other.
    RETURN QUERY SELECT e.* FROM unnest(parts, cursors) c(part, seq)
      CROSS JOIN LATERAL (
        SELECT d.* FROM asp.ended d WHERE d.part = c.part AND d.seq >= c.seq ORDER BY d.seq LIMIT 100
      ) e
      ORDER BY e.part, e.seq;
  END $$;

  -- What expires after `start` and up to `stop`, in the order of (at, part, name, id), 1000 at most. Where there are as
  -- many, ask for what comes after the last one: its `at` is the next `start`, and the rest is handed in behind `stop`.
  CREATE FUNCTION asp.expiring(
    start timestamptz, stop timestamptz, after_part smallint DEFAULT 32767::smallint, after_name text DEFAULT '',
    after_id text DEFAULT ''
  ) RETURNS TABLE (part smallint, name text, id text, at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    RETURN QUERY SELECT e.part, e.name, e.id, e.at FROM asp.expiry e
      WHERE (e.at, e.part, e.name, e.id) > (start, after_part, after_name, after_id) AND e.at <= stop
      ORDER BY e.at, e.part, e.name, e.id LIMIT 1000;
  END $$;

  -- Takes a lease for some seconds, by the database's clock, or prolongs one's own; with 0 seconds it is given up. Told is
  -- whether it is the holder's, whose it is else, and for how many milliseconds. All who ask for `what` ask for as many
  -- seconds: so one that ends later is of a clock that was ahead, and free. Who comes while it is another's writes nothing:
  -- each machine asks every few seconds.
  CREATE FUNCTION asp.take_lease(
    what text, holder text, seconds int, OUT mine boolean, OUT held_by text, OUT left_ms bigint
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    now timestamptz := clock_timestamp();
    ends timestamptz := now + make_interval(secs => seconds);
  BEGIN
    IF NOT EXISTS (SELECT FROM asp.lease l WHERE l.what = take_lease.what AND l.holder <> take_lease.holder
                   AND (seconds = 0 OR l.until BETWEEN now AND ends)) THEN
      INSERT INTO asp.lease AS l VALUES (what, holder, ends)
        ON CONFLICT ON CONSTRAINT lease_pkey DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until
        WHERE l.holder = EXCLUDED.holder OR (seconds > 0 AND l.until NOT BETWEEN now AND ends);
    END IF;
    SELECT l.holder = take_lease.holder, l.holder, GREATEST(floor(date_part('epoch', l.until - now) * 1000), 0)
      INTO STRICT mine, held_by, left_ms FROM asp.lease l WHERE l.what = take_lease.what;
  END $$;

  -- From now on nodes that know no schema from `oldest` on are refused; 0: the store has moved. All writes that were begun
  -- are over when it answers, and none comes after: what is read then is what the store was left with. Logins do not wait.
  CREATE FUNCTION asp.close_store(oldest int) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM asp.be_synchronous();
    LOCK TABLE asp.account IN EXCLUSIVE MODE;
    UPDATE asp.store s SET oldest = close_store.oldest, before = CASE WHEN s.oldest > 0 THEN s.oldest ELSE s.before END
      WHERE s.one = true;
  END $$;

  -- Uses are known from now on: an entry of which none is known counts as unused from here.
  CREATE FUNCTION asp.begin_uses() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM asp.be_synchronous();
    UPDATE asp.store s SET uses_since = clock_timestamp() WHERE s.one = true;
  END $$;

  -- Takes away what is older than `before` in a part: events, and with them in one statement the floor; accounts that were
  -- removed; expiries; and uses of nobody. Returns how many of each. The newest event stays: a node whose cursor is at it
  -- sees that it is the same. So does each that comes after one that is young: clocks differ, and the floor is a number.
  -- No account that was removed less than a day ago goes: until then a write may be sent again.
  CREATE FUNCTION asp.tidy(
    p smallint, before timestamptz, OUT events bigint, OUT accounts bigint, OUT expiries bigint, OUT uses bigint
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    WITH kept AS (
      SELECT LEAST(f.seq, (SELECT min(e.seq) FROM asp.ended e WHERE e.part = p AND e.at >= before)) AS seq
        FROM asp.feed f WHERE f.part = p
    ), gone AS (
      DELETE FROM asp.ended e USING kept k WHERE e.part = p AND e.seq < k.seq RETURNING e.seq
    ), told AS (
      UPDATE asp.feed f SET floor = g.seq FROM (SELECT max(seq) AS seq FROM gone) g WHERE f.part = p AND f.floor < g.seq
    )
    SELECT count(*) INTO events FROM gone;

    DELETE FROM asp.account a
      WHERE a.part = p AND a.body IS NULL AND a.written < LEAST(before, clock_timestamp() - interval '1 day');
    GET DIAGNOSTICS accounts = ROW_COUNT;
    DELETE FROM asp.expiry e WHERE e.part = p AND e.at < LEAST(before, clock_timestamp());
    GET DIAGNOSTICS expiries = ROW_COUNT;
    DELETE FROM asp.used u WHERE u.part = p
      AND NOT EXISTS (SELECT FROM asp.account a WHERE a.part = p AND a.name = u.name AND a.body IS NOT NULL);
    GET DIAGNOSTICS uses = ROW_COUNT;
  END $$;

  -- Puts accounts as they are, whatever was there, for a copy: part, name, a new tag, the text and when it was written; and
  -- all their expiries, each with part and name of its account. Returns how many were not the same already.
  CREATE FUNCTION asp.put(
    p smallint[], n text[], t bigint[], b bytea[], w timestamptz[], xp smallint[], xn text[], xid text[], xat timestamptz[]
  ) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DECLARE
    changed bigint;
  BEGIN
    PERFORM asp.be_synchronous();
    INSERT INTO asp.account AS a (part, name, tag, past, body, written)
      SELECT r.part, r.name, r.tag, ARRAY[r.tag], r.body, r.written
      FROM unnest(p, n, t, b, w) r(part, name, tag, body, written) ORDER BY r.part, r.name COLLATE "C"
    ON CONFLICT (part, name) DO UPDATE
      SET tag = EXCLUDED.tag, past = (EXCLUDED.past || a.past)[1:64], body = EXCLUDED.body, written = EXCLUDED.written
      WHERE (a.body, a.written) IS DISTINCT FROM (EXCLUDED.body, EXCLUDED.written);
    GET DIAGNOSTICS changed = ROW_COUNT;
    DELETE FROM asp.expiry e USING unnest(p, n) r(part, name) WHERE e.part = r.part AND e.name = r.name;
    INSERT INTO asp.expiry SELECT * FROM unnest(xp, xn, xid, xat);
    RETURN changed;
  END $$;

  PERFORM set_config('role', before, true);
  RAISE NOTICE 'asp: a store of schema 1 was made';
END $asp$;

-- Owners and rights, of a store that is there too: a dump may have been restored without them. Then functions are of who has
-- restored it, a superuser maybe, whose rights everybody who calls them has.
DO $asp$
DECLARE
  of_node text[] := '{load, uses, write, record, note_password, password_mark, beat}';
  of_admin text[] := '{since, expiring, take_lease, close_store, begin_uses, tidy, put}';
  before text;
  statement text;
BEGIN
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR statement IN
    SELECT 'ALTER SCHEMA asp OWNER TO asp_owner' FROM pg_namespace n
      WHERE n.nspname = 'asp' AND n.nspowner <> 'asp_owner'::regrole
    UNION ALL SELECT format('ALTER TABLE %s OWNER TO asp_owner', c.oid::regclass) FROM pg_class c
      WHERE c.relnamespace = 'asp'::regnamespace AND c.relkind = 'r' AND c.relowner <> 'asp_owner'::regrole
    UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO asp_owner', f.oid::regprocedure) FROM pg_proc f
      WHERE f.pronamespace = 'asp'::regnamespace AND f.proowner <> 'asp_owner'::regrole
  LOOP
    EXECUTE statement;
  END LOOP;

  before := current_setting('role');
  PERFORM set_config('role', 'asp_owner', true);
  FOR statement IN
    SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.oid::regprocedure) FROM pg_proc f
      WHERE f.pronamespace = 'asp'::regnamespace AND has_function_privilege('public', f.oid, 'EXECUTE')
  LOOP
    EXECUTE statement;
  END LOOP;
  FOR statement IN
    SELECT 'GRANT USAGE ON SCHEMA asp TO asp_node' WHERE NOT has_schema_privilege('asp_node', 'asp', 'USAGE')
    UNION ALL SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', f.oid::regprocedure, g.role)
      FROM (VALUES ('asp_node', of_node), ('asp_admin', of_admin)) g(role, names)
      JOIN pg_proc f ON f.pronamespace = 'asp'::regnamespace AND f.proname = ANY (g.names)
      WHERE NOT has_function_privilege(g.role, f.oid, 'EXECUTE')
    UNION ALL SELECT format('GRANT %s ON %s TO %I', g.what, c.oid::regclass, g.role)
      FROM (VALUES
        ('asp_node', 'SELECT', '{store, feed}'::text[]),
        ('asp_admin', 'SELECT', '{pulse, account, used, expiry, ended, password, lease}'),
        ('asp_admin', 'DELETE', '{account, used, expiry, ended, password}')
      ) g(role, what, names)
      JOIN pg_class c ON c.relnamespace = 'asp'::regnamespace AND c.relkind = 'r' AND c.relname = ANY (g.names)
      WHERE NOT has_table_privilege(g.role, c.oid, g.what)
    UNION ALL SELECT 'GRANT SELECT (part, name) ON asp.account TO asp_node'
      WHERE NOT (has_column_privilege('asp_node', 'asp.account', 'part', 'SELECT')
                 AND has_column_privilege('asp_node', 'asp.account', 'name', 'SELECT'))
  LOOP
    EXECUTE statement;
  END LOOP;
  PERFORM set_config('role', before, true);
END $asp$;
