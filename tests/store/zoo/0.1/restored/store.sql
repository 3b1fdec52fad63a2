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
INSERT INTO "deliveries" VALUES('e8d39e92a97da51c','welcome','class-site','site',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "e8d39e92a97da51c", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:23','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('00ebd7f220c573bb','welcome','club','gotosocial',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "00ebd7f220c573bb", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:23','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('2f798bac15ff30c3','welcome','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "2f798bac15ff30c3", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:23','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('1097ba07bd66a1a6','welcome','newsletter','email',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "1097ba07bd66a1a6", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:23','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('426b6e0e277a9a6b','welcome','sky','bluesky',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "426b6e0e277a9a6b", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:23','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('f3be2c6b49dc5297','lunch','fediverse','mastodon',0,NULL,1788770700000000,3600,7200.0,'skip','{"key": "f3be2c6b49dc5297", "due": "2026-09-07T09:45:00+01:00", "text": "Lunch is at noon", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:32','scheduled',NULL,1788770700000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('a18792df1db09c8f','since','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "a18792df1db09c8f", "due": "2026-09-07T09:30:00+01:00", "text": "Planned after the backup", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:37','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('d3ee93487ca3fe2c','since','newsletter','email',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "d3ee93487ca3fe2c", "due": "2026-09-07T09:30:00+01:00", "text": "Planned after the backup", "spans": [], "markup": "", "html": "<p>Planned after the backup</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:37','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
CREATE TABLE facts (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "facts" VALUES('restored','1788771000000000');
CREATE TABLE heartbeat (
	id INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started BIGINT NOT NULL, 
	last_seen BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
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
INSERT INTO "journal" VALUES(1,'e8d39e92a97da51c','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(2,'00ebd7f220c573bb','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(3,'2f798bac15ff30c3','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(4,'1097ba07bd66a1a6','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(5,'426b6e0e277a9a6b','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(6,'f3be2c6b49dc5297','an earlier publish','',1,0.0,1788770700000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(7,'a18792df1db09c8f','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(8,'d3ee93487ca3fe2c','an earlier publish','',1,0.0,1788769800000000,0,1,NULL,NULL,NULL,NULL);
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
CREATE INDEX deliveries_next ON deliveries (status, next_at);
CREATE INDEX journal_delivery ON journal (delivery);
CREATE INDEX deliveries_published ON deliveries (account, published_at);
CREATE INDEX deliveries_account ON deliveries (account, status, due, entry, part);
COMMIT;
