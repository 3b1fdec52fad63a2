BEGIN TRANSACTION;
CREATE TABLE accounts (
	name TEXT NOT NULL, 
	paused_until BIGINT, 
	held TEXT, 
	PRIMARY KEY (name)
);
INSERT INTO "accounts" VALUES('blog',NULL,'wordpress answered ''publish'' with 401: refused; log in again: termbell login blog');
INSERT INTO "accounts" VALUES('fediverse',1788773401250000,NULL);
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
INSERT INTO "deliveries" VALUES('c3bbeb7801063359','welcome','blog','wordpress',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "c3bbeb7801063359", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','held','login',1788769800000000,1,NULL,NULL,NULL,NULL,NULL,'wordpress answered ''publish'' with 401: refused; log in again: termbell login blog',0,NULL,0);
INSERT INTO "deliveries" VALUES('2f798bac15ff30c3','welcome','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "2f798bac15ff30c3", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:10','scheduled',NULL,1788773401250000,1,NULL,NULL,NULL,NULL,NULL,'mastodon answered ''status'' with 429: refused',0,NULL,0);
INSERT INTO "deliveries" VALUES('cbbde7f6392cffa0','lunch','blog','wordpress',0,NULL,1788771600000000,3600,7200.0,'skip','{"key": "cbbde7f6392cffa0", "due": "2026-09-07T10:00:00+01:00", "text": "Lunch is at noon", "spans": [], "markup": "", "html": "<p>Lunch is at noon</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:16','scheduled',NULL,1788771600000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('f3be2c6b49dc5297','lunch','fediverse','mastodon',0,NULL,1788771600000000,3600,7200.0,'skip','{"key": "f3be2c6b49dc5297", "due": "2026-09-07T10:00:00+01:00", "text": "Lunch is at noon", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:16','scheduled',NULL,1788771600000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
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
INSERT INTO "journal" VALUES(1,'c3bbeb7801063359','account','3bb06efcaae559da1bbd7cb89bb99bdc9d5aead13dc7db14e62b61c0c69f2c44',0,3600.0,1788769800250000,1788769800250000,0,1788769800250000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'7B226964223A20312C20226E616D65223A2022416461222C2022736C7567223A2022616461227D');
INSERT INTO "journal" VALUES(2,'c3bbeb7801063359','look','e078074eef949fd39a0a9484a89184ef7e27b1cb1849560593ca998ac0487833',0,3600.0,1788769800500000,1788769800500000,0,1788769800500000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'5B5D');
INSERT INTO "journal" VALUES(3,'c3bbeb7801063359','draft','e5d66ebbc1f94d3ad2401745666519e9f559cdd376e10515bcb7790cd2d90321',0,3600.0,1788769800750000,1788769800750000,0,1788769800750000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'7B226964223A20313030312C2022736C7567223A2022633362626562373830313036222C2022737461747573223A20226472616674222C20226C696E6B223A202268747470733A2F2F626C6F672E6578616D706C652E6F72672F6333626265623738303130362F222C2022646174655F676D74223A2022323032362D30392D30375430383A33303A3030222C20227469746C65223A207B22726177223A2022222C202272656E6465726564223A2022227D2C2022636F6E74656E74223A207B22726177223A20223C703E57656C636F6D65206261636B20746F2061206E6577207465726D213C2F703E222C202272656E6465726564223A20223C703E57656C636F6D65206261636B20746F2061206E6577207465726D213C2F703E227D2C2022617574686F72223A20312C202274616773223A205B5D2C202263617465676F72696573223A205B5D2C202266656174757265645F6D65646961223A20307D');
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
INSERT INTO "notices" VALUES(1,1788769801000000,'held','blog: wordpress answered ''publish'' with 401: refused; log in again: termbell login blog',NULL,NULL);
CREATE INDEX deliveries_next ON deliveries (status, next_at);
CREATE INDEX journal_delivery ON journal (delivery);
CREATE INDEX deliveries_published ON deliveries (account, published_at);
CREATE INDEX deliveries_account ON deliveries (account, status, due, entry, part);
COMMIT;
