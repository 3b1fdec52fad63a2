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
INSERT INTO "deliveries" VALUES('0856948d5de2b135','chain','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "0856948d5de2b135", "due": "2026-09-07T09:30:00+01:00", "text": "First, a welcome", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','published',NULL,1788769800000000,1,NULL,NULL,'1001','https://social.example.org/@ada/1001','{}',NULL,0,1788769800250000,0);
INSERT INTO "deliveries" VALUES('618ccde780079667','chain','fediverse','mastodon',1,'0856948d5de2b135',1788769800000000,3600,7200.0,'skip','{"key": "618ccde780079667", "due": "2026-09-07T09:30:00+01:00", "text": "Second, the timetable", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000001',1788769860250000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('4a7d2a530797f29d','chain','fediverse','mastodon',2,'618ccde780079667',1788769800000000,3600,7200.0,'skip','{"key": "4a7d2a530797f29d", "due": "2026-09-07T09:30:00+01:00", "text": "Third, the lunches", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('fdbdab43675ae34f','chain','sky','bluesky',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "fdbdab43675ae34f", "due": "2026-09-07T09:30:00+01:00", "text": "First, a welcome", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','published',NULL,1788769800000000,1,NULL,NULL,'at://did:plc:ada/app.bsky.feed.post/3muw3qcycwjbo','https://bsky.app/profile/ada.example.org/post/3muw3qcycwjbo','{"uri": "at://did:plc:ada/app.bsky.feed.post/3muw3qcycwjbo", "cid": "bafy3muw3qcycwjbo", "root": {"uri": "at://did:plc:ada/app.bsky.feed.post/3muw3qcycwjbo", "cid": "bafy3muw3qcycwjbo"}}',NULL,0,1788769800750000,0);
INSERT INTO "deliveries" VALUES('99b3b4ee5be04c53','chain','sky','bluesky',1,'fdbdab43675ae34f',1788769800000000,3600,7200.0,'skip','{"key": "99b3b4ee5be04c53", "due": "2026-09-07T09:30:00+01:00", "text": "Second, the timetable", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000002',1788769860750000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('20800945086f42eb','chain','sky','bluesky',2,'99b3b4ee5be04c53',1788769800000000,3600,7200.0,'skip','{"key": "20800945086f42eb", "due": "2026-09-07T09:30:00+01:00", "text": "Third, the lunches", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
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
INSERT INTO "journal" VALUES(1,'618ccde780079667','status','c799c0efba7b30c3ebf57d451abeabe87eb13c360d0885758571842dcab4e723',1,3600.0,1788769800500000,1788769800500000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(2,'99b3b4ee5be04c53','post','de316d75c935771c266256f475f5b8e981d442a7f71862bc800f6d214910acf9',1,-1.0,1788769801000000,1788769801000000,0,NULL,NULL,NULL,NULL);
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
