BEGIN TRANSACTION;
CREATE TABLE accounts (
	name TEXT NOT NULL, 
	paused_until BIGINT, 
	held TEXT, 
	PRIMARY KEY (name)
);
INSERT INTO "accounts" VALUES('blog',NULL,'wordpress answered ''publish'' with 401: refused; log in again: termbell login blog');
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
INSERT INTO "deliveries" VALUES('37e5ddae944bfbc1','published','class-site','site',0,NULL,1788424200000000,3600,7200.0,'skip','{"key": "37e5ddae944bfbc1", "due": "2026-09-03T09:30:00+01:00", "text": "Our site is there", "spans": [], "markup": "", "html": "<p>Our site is there</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:98','published',NULL,1788424200000000,1,NULL,NULL,'our-site-is-there-37e5ddae','https://class.example.org/posts/our-site-is-there-37e5ddae/','{}',NULL,0,1788424200750000,0);
INSERT INTO "deliveries" VALUES('f0bbf1af46e5a41c','missed','fediverse','mastodon',0,NULL,1788510600000000,3600,7200.0,'skip','{"key": "f0bbf1af46e5a41c", "due": "2026-09-04T09:30:00+01:00", "text": "Yesterday''s lunch", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:67','missed',NULL,1788510600000000,0,NULL,NULL,NULL,NULL,NULL,'found too late; retry it, or cancel it',0,NULL,0);
INSERT INTO "deliveries" VALUES('204527a9fee87d42','ask','fediverse','mastodon',0,NULL,1788597000000000,3600,7200.0,'ask','{"key": "204527a9fee87d42", "due": "2026-09-05T09:30:00+01:00", "text": "Old news, perhaps", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:61','held','late',1788597000000000,0,NULL,NULL,NULL,NULL,NULL,'late: retry it, or cancel it',0,NULL,0);
INSERT INTO "deliveries" VALUES('12a3d18279bd0257','word','club','gotosocial',0,NULL,1788597000000000,3600,7200.0,'skip','{"key": "12a3d18279bd0257", "due": "2026-09-05T09:30:00+01:00", "text": "Late, and wanted all the same", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:72','scheduled','word',1788769800250000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('ea5f39e13d74fbbe','by-person','group','handoff',0,NULL,1788683400000000,3600,7200.0,'skip','{"key": "ea5f39e13d74fbbe", "due": "2026-09-06T09:30:00+01:00", "text": "For our group", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:83','held','handoff',1788683400000000,1,NULL,NULL,NULL,NULL,NULL,'waiting for you: publish it, then: termbell resolve ea5f39e1 --published URL | --again | --drop',0,NULL,0);
INSERT INTO "deliveries" VALUES('d3004fd3e47dc84f','doubt','newsletter','email',0,NULL,1788683400000000,3600,7200.0,'skip','{"key": "d3004fd3e47dc84f", "due": "2026-09-06T09:30:00+01:00", "text": "A letter to all", "spans": [], "markup": "", "html": "<p>A letter to all</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:93','in doubt',NULL,1788683400000000,1,NULL,NULL,NULL,NULL,NULL,'newsletter was sent and never answered; look at newsletter, then: termbell resolve d3004fd3 --published URL | --again | --drop',0,NULL,0);
INSERT INTO "deliveries" VALUES('37324c504bad791d','failed','fediverse','mastodon',0,NULL,1788683400000000,3600,7200.0,'skip','{"key": "37324c504bad791d", "due": "2026-09-06T09:30:00+01:00", "text": "Refused by the server", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:88','failed',NULL,1788683400000000,1,NULL,NULL,NULL,NULL,NULL,'mastodon answered ''status'' with 422: refused',0,NULL,0);
INSERT INTO "deliveries" VALUES('b4b846f204e4634e','login','blog','wordpress',0,NULL,1788683400000000,3600,7200.0,'publish','{"key": "b4b846f204e4634e", "due": "2026-09-06T09:30:00+01:00", "text": "A report of the week", "spans": [], "markup": "", "html": "<p>A <strong>report</strong> of the week</p>", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:77','held','login',1788683400000000,1,NULL,NULL,NULL,NULL,NULL,'wordpress answered ''publish'' with 401: refused; log in again: termbell login blog',0,NULL,0);
INSERT INTO "deliveries" VALUES('7d113bfc4c2902b7','due-now','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "7d113bfc4c2902b7", "due": "2026-09-07T09:30:00+01:00", "text": "The library is open again", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:42','scheduled',NULL,1788769800000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('4c0e69361af4a030','publishing','sky','bluesky',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "4c0e69361af4a030", "due": "2026-09-07T09:30:00+01:00", "text": "Good morning, sky", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:108','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000001',1788769860000000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('f16282f4dfe9720e','too-long','fediverse','mastodon',0,NULL,1789461000000000,3600,7200.0,'skip','{"key": "f16282f4dfe9720e", "due": "2026-09-15T09:30:00+01:00", "text": "word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word word", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:47','held','problem',1789461000000000,0,NULL,NULL,NULL,NULL,NULL,'too-long: 749 of 500 characters on mastodon (fediverse); shorten it by 249',0,NULL,0);
INSERT INTO "deliveries" VALUES('0e584dd5869fa88a','future','fediverse','mastodon',0,NULL,1789893000000000,3600,7200.0,'skip','{"key": "0e584dd5869fa88a", "due": "2026-09-20T09:30:00+01:00", "text": "Parents'' evening is near", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:37','scheduled',NULL,1789893000000000,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('8228c91837f16178','gone','fediverse','mastodon',0,NULL,1789979400000000,3600,7200.0,'skip','{"key": "8228c91837f16178", "due": "2026-09-21T09:30:00+01:00", "text": "A trip that is called off", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:113','cancelled',NULL,1789979400000000,0,NULL,NULL,NULL,NULL,NULL,'gone from the calendar',0,NULL,0);
INSERT INTO "deliveries" VALUES('0c1831e6d2f8e3d3','by-hand','fediverse','mastodon',0,NULL,1790065800000000,3600,7200.0,'skip','{"key": "0c1831e6d2f8e3d3", "due": "2026-09-22T09:30:00+01:00", "text": "Cancelled by a person", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:103','cancelled',NULL,1790065800000000,0,NULL,NULL,NULL,NULL,NULL,'by hand',0,NULL,0);
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
INSERT INTO "journal" VALUES(1,'b4b846f204e4634e','account','3bb06efcaae559da1bbd7cb89bb99bdc9d5aead13dc7db14e62b61c0c69f2c44',0,3600.0,1788683400250000,1788683400250000,0,1788683400250000,200,'{"content-type": "application/json", "date": "Sun, 06 Sep 2026 08:30:00 GMT"}',X'7B226964223A20312C20226E616D65223A2022416461222C2022736C7567223A2022616461227D');
INSERT INTO "journal" VALUES(2,'b4b846f204e4634e','look','a4490d967a85f192de31b67f3872f8f1f1e5e3fefa4b341ed97b74eaa7b25614',0,3600.0,1788683400500000,1788683400500000,0,1788683400500000,200,'{"content-type": "application/json", "date": "Sun, 06 Sep 2026 08:30:00 GMT"}',X'5B5D');
INSERT INTO "journal" VALUES(3,'b4b846f204e4634e','draft','de28456f2954c11bd11b900c1b0b8648d7cabd4587a6270d1ffafe05e909e2d0',0,3600.0,1788683400750000,1788683400750000,0,1788683400750000,200,'{"content-type": "application/json", "date": "Sun, 06 Sep 2026 08:30:00 GMT"}',X'7B226964223A20313030312C2022736C7567223A2022623462383436663230346534222C2022737461747573223A20226472616674222C20226C696E6B223A202268747470733A2F2F626C6F672E6578616D706C652E6F72672F6234623834366632303465342F222C2022646174655F676D74223A2022323032362D30392D30365430383A33303A3030222C20227469746C65223A207B22726177223A2022222C202272656E6465726564223A2022227D2C2022636F6E74656E74223A207B22726177223A20223C703E41203C7374726F6E673E7265706F72743C2F7374726F6E673E206F6620746865207765656B3C2F703E222C202272656E6465726564223A20223C703E41203C7374726F6E673E7265706F72743C2F7374726F6E673E206F6620746865207765656B3C2F703E227D2C2022617574686F72223A20312C202274616773223A205B5D2C202263617465676F72696573223A205B5D2C202266656174757265645F6D65646961223A20307D');
INSERT INTO "journal" VALUES(4,'d3004fd3e47dc84f','mail','c3fb3c90efe4ff84a82519da515b217078777c8d9d069ad079e0b51b659a0c71',1,0.0,1788683401750000,1788683401750000,0,NULL,NULL,NULL,NULL);
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
INSERT INTO "notices" VALUES(1,1788611400000000,'missed','missed on fediverse (due 2026-09-04 09:30, f0bbf1af): found too late; retry it, or cancel it',NULL,NULL);
INSERT INTO "notices" VALUES(2,1788611400000000,'late','ask on fediverse (due 2026-09-05 09:30, 204527a9): late: retry it, or cancel it',NULL,NULL);
INSERT INTO "notices" VALUES(3,1788611400000000,'missed','word on club (due 2026-09-05 09:30, 12a3d182): found too late; retry it, or cancel it',NULL,NULL);
INSERT INTO "notices" VALUES(4,1788683401000000,'held','blog: wordpress answered ''publish'' with 401: refused; log in again: termbell login blog',NULL,NULL);
INSERT INTO "notices" VALUES(5,1788683401250000,'failed','failed on fediverse (due 2026-09-06 09:30, 37324c50): mastodon answered ''status'' with 422: refused',NULL,NULL);
INSERT INTO "notices" VALUES(6,1788683401500000,'handoff','by-person on group (due 2026-09-06 09:30, ea5f39e1): post this on our group:

For our group',NULL,NULL);
INSERT INTO "notices" VALUES(7,1788683431750000,'in doubt','doubt on newsletter (due 2026-09-06 09:30, d3004fd3): newsletter was sent and never answered; look at newsletter, then: termbell resolve d3004fd3 --published URL | --again | --drop',NULL,NULL);
CREATE INDEX deliveries_next ON deliveries (status, next_at);
CREATE INDEX journal_delivery ON journal (delivery);
CREATE INDEX deliveries_published ON deliveries (account, published_at);
CREATE INDEX deliveries_account ON deliveries (account, status, due, entry, part);
COMMIT;
