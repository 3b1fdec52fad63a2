BEGIN TRANSACTION;
CREATE TABLE accounts (
	name TEXT NOT NULL, 
	paused_until BIGINT, 
	held TEXT, 
	PRIMARY KEY (name)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE deliveries (
	"key" TEXT NOT NULL, 
	entry TEXT NOT NULL, 
	account TEXT NOT NULL, 
	platform TEXT NOT NULL, 
	part INTEGER NOT NULL, 
	"after" TEXT, 
	due BIGINT NOT NULL, 
	"offset" INTEGER NOT NULL, 
	grace FLOAT NOT NULL, 
	late TEXT NOT NULL, 
	post TEXT NOT NULL, 
	place TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT, 
	next_at BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	claimed_by TEXT, 
	lease BIGINT, 
	published_id TEXT, 
	url TEXT, 
	ref TEXT, 
	error TEXT, 
	changed_since INTEGER NOT NULL, published_at BIGINT, interrupted INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "deliveries" VALUES('d4a1c38282cfa8d6','chain','channel','discord',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "d4a1c38282cfa8d6", "due": "2026-09-07T09:30:00+01:00", "text": "First, a welcome", "spans": [{"kind": "bold", "start": 9, "end": 16, "value": ""}], "markup": "First, a **welcome**", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:6','published',NULL,1788769800000000,1,NULL,NULL,'1001','https://discord.com/channels/10/11/1001','{}',NULL,0,1788769800500000,0);
INSERT INTO "deliveries" VALUES('c520dfc737e2bacb','chain','channel','discord',1,'d4a1c38282cfa8d6',1788769800000000,3600,7200.0,'skip','{"key": "c520dfc737e2bacb", "due": "2026-09-07T09:30:00+01:00", "text": "Second, the timetable", "spans": [], "markup": "Second, the timetable", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:6','in doubt',NULL,1788769800000000,1,NULL,NULL,NULL,NULL,NULL,'channel was sent and never answered; look at channel, then: termbell resolve c520dfc7 --published URL | --again | --drop',0,NULL,0);
INSERT INTO "deliveries" VALUES('48efb8eaacf3b4f2','chain','channel','discord',2,'c520dfc737e2bacb',1788769800000000,3600,7200.0,'skip','{"key": "48efb8eaacf3b4f2", "due": "2026-09-07T09:30:00+01:00", "text": "Third, the lunches", "spans": [], "markup": "Third, the lunches", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:6','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,'waits for part 2, which is in doubt',0,NULL,0);
CREATE TABLE facts (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE heartbeat (
	id INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started BIGINT NOT NULL, 
	last_seen BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "heartbeat" VALUES(1,'{HOST}',4194305,1788242400000000,1788769800000000);
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	delivery TEXT NOT NULL, 
	step TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	visible INTEGER NOT NULL, 
	remembered FLOAT NOT NULL, 
	left_at BIGINT NOT NULL, 
	sent_at BIGINT NOT NULL, 
	looks INTEGER NOT NULL, 
	answered_at BIGINT, 
	status INTEGER, 
	headers TEXT, 
	body BLOB, 
	PRIMARY KEY (id), 
	FOREIGN KEY(delivery) REFERENCES deliveries ("key") ON DELETE CASCADE
);
INSERT INTO "journal" VALUES(1,'c520dfc737e2bacb','channel','ed75a5f1ae2ae7c5c0ba3508dab694292d72ef99bbd263702c31c453eed109e3',0,3600.0,1788769800750000,1788769800750000,0,1788769800750000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'7B226368616E6E656C5F6964223A20223131222C20226775696C645F6964223A20223130227D');
INSERT INTO "journal" VALUES(2,'c520dfc737e2bacb','message','3658874993eeffcdf84230cbf9540f830a18d51537fc022efc31e28a7ded13c0',1,0.0,1788769801000000,1788769801000000,0,NULL,NULL,NULL,NULL);
CREATE TABLE notices (
	id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	text TEXT NOT NULL, 
	once TEXT, 
	told_at BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE (once)
);
INSERT INTO "notices" VALUES(1,1788769831000000,'in doubt','chain part 2 on channel (due 2026-09-07 09:30, c520dfc7): channel was sent and never answered; look at channel, then: termbell resolve c520dfc7 --published URL | --again | --drop',NULL,NULL);
CREATE INDEX deliveries_next ON deliveries (status, next_at);
CREATE INDEX journal_delivery ON journal (delivery);
CREATE INDEX deliveries_published ON deliveries (account, published_at);
CREATE INDEX deliveries_account ON deliveries (account, status, due, entry, part);
COMMIT;
