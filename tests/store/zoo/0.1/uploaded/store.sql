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
INSERT INTO "deliveries" VALUES('ce86dab447e52084','door','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "ce86dab447e52084", "due": "2026-09-07T09:30:00+01:00", "text": "The new door", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [{"file": "{FOLDER}/cache/media/bdb5bc50566f8328f4cf4ff3642b1595de3ee2e3a90e670973beaf417d43f5df.png", "type": "image/png", "size": 77, "digest": "bdb5bc50566f8328f4cf4ff3642b1595de3ee2e3a90e670973beaf417d43f5df", "alt": "The school door", "width": 8, "height": 6, "seconds": null, "focus": null, "captions": null}], "language": "en", "reply_to": null, "options": {}}','config.yaml:7','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000001',1788769860000000,NULL,NULL,NULL,NULL,0,NULL,0);
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
INSERT INTO "journal" VALUES(1,'ce86dab447e52084','upload 1','65bb32ad2d11634f778f83f0a901a4d28c3c51244a765992445c02cdf7ddf89e',0,3600.0,1788769800250000,1788769800250000,0,1788769800250000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'7B226964223A202231303031222C202275726C223A202268747470733A2F2F736F6369616C2E6578616D706C652E6F72672F66696C65732F313030312E706E67222C20226465736372697074696F6E223A2022546865207363686F6F6C20646F6F72227D');
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
