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
INSERT INTO "deliveries" VALUES('05bc867ec0c11274','table','blog','wordpress',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "05bc867ec0c11274", "due": "2026-09-07T09:30:00+01:00", "text": "Our new hours, with breaks, and the timetable (https://example.org/table). #school", "spans": [{"kind": "link", "start": 47, "end": 72, "value": "https://example.org/table"}, {"kind": "tag", "start": 75, "end": 82, "value": "school"}], "markup": "", "html": "<p>Our <strong>new</strong> hours, with <em>breaks</em>, and the <a href=\"https://example.org/table\">timetable</a>. #school</p>", "title": "The timetable", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:20','published',NULL,1788769800000000,1,NULL,NULL,'1001','https://blog.example.org/the-timetable-05bc867ec0c1/','{}',NULL,0,1788769801250000,0);
INSERT INTO "deliveries" VALUES('c9211041ed914d0e','table','class-site','site',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "c9211041ed914d0e", "due": "2026-09-07T09:30:00+01:00", "text": "Our new hours, with breaks, and the timetable (https://example.org/table). #school", "spans": [{"kind": "link", "start": 47, "end": 72, "value": "https://example.org/table"}, {"kind": "tag", "start": 75, "end": 82, "value": "school"}], "markup": "", "html": "<p>Our <strong>new</strong> hours, with <em>breaks</em>, and the <a href=\"https://example.org/table\">timetable</a>. #school</p>", "title": "The timetable", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:20','published',NULL,1788769800000000,1,NULL,NULL,'the-timetable-c9211041','https://class.example.org/posts/the-timetable-c9211041/','{}',NULL,0,1788769802000000,0);
INSERT INTO "deliveries" VALUES('acdc40b4c363f75e','table','newsletter','email',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "acdc40b4c363f75e", "due": "2026-09-07T09:30:00+01:00", "text": "Our new hours, with breaks, and the timetable (https://example.org/table). #school", "spans": [{"kind": "link", "start": 47, "end": 72, "value": "https://example.org/table"}, {"kind": "tag", "start": 75, "end": 82, "value": "school"}], "markup": "", "html": "<p>Our <strong>new</strong> hours, with <em>breaks</em>, and the <a href=\"https://example.org/table\">timetable</a>. #school</p>", "title": "The timetable", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:20','published',NULL,1788769800000000,1,NULL,NULL,'<f557eb839cf710d7d17f43cecdf24cd7@example.org>',NULL,'{}',NULL,0,1788769802250000,0);
INSERT INTO "deliveries" VALUES('baebd25344696042','table','sky','bluesky',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "baebd25344696042", "due": "2026-09-07T09:30:00+01:00", "text": "Our new hours, with breaks, and the timetable. #school", "spans": [{"kind": "link", "start": 36, "end": 45, "value": "https://example.org/table"}, {"kind": "tag", "start": 47, "end": 54, "value": "school"}], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:20','published',NULL,1788769800000000,1,NULL,NULL,'at://did:plc:ada/app.bsky.feed.post/3muw3qcxab4ro','https://bsky.app/profile/ada.example.org/post/3muw3qcxab4ro','{"uri": "at://did:plc:ada/app.bsky.feed.post/3muw3qcxab4ro", "cid": "bafy3muw3qcxab4ro", "root": {"uri": "at://did:plc:ada/app.bsky.feed.post/3muw3qcxab4ro", "cid": "bafy3muw3qcxab4ro"}}',NULL,0,1788769802500000,0);
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
