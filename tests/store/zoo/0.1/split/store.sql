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
INSERT INTO "deliveries" VALUES('f20e64a8b3f9105d','week','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "f20e64a8b3f9105d", "due": "2026-09-07T09:30:00+01:00", "text": "On Monday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us. On Tuesday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us. On Wednesday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us.", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:7','published',NULL,1788769800000000,1,NULL,NULL,'1001','https://social.example.org/@ada/1001','{}',NULL,0,1788769800250000,0);
INSERT INTO "deliveries" VALUES('74cde4f5bab8a9fd','week','fediverse','mastodon',1,'f20e64a8b3f9105d',1788769800000000,3600,7200.0,'skip','{"key": "74cde4f5bab8a9fd", "due": "2026-09-07T09:30:00+01:00", "text": "On Thursday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us. On Friday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us. On Saturday we meet in the hall, look at what was done, say what is next, and thank whoever brought the cake and the coffee for all of us.", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:7','scheduled',NULL,1788769805111055,1,NULL,NULL,NULL,NULL,NULL,'fediverse was not reached',0,NULL,0);
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
