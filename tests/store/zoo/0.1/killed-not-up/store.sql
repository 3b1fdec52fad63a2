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
INSERT INTO "deliveries" VALUES('c3bbeb7801063359','welcome','blog','wordpress',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "c3bbeb7801063359", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "Welcome", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000001',1788769860000000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('90b987924895ab3b','welcome','channel','discord',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "90b987924895ab3b", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "Welcome back to a new term!", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000002',1788769861000000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('e8d39e92a97da51c','welcome','class-site','site',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "e8d39e92a97da51c", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "Welcome", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000003',1788769861500000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('00ebd7f220c573bb','welcome','club','gotosocial',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "00ebd7f220c573bb", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000004',1788769862250000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('2f798bac15ff30c3','welcome','fediverse','mastodon',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "2f798bac15ff30c3", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000005',1788769862500000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('1097ba07bd66a1a6','welcome','newsletter','email',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "1097ba07bd66a1a6", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "<p>Welcome back to a new term!</p>", "title": "Welcome", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000006',1788769862750000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('e421a919fb774fa2','welcome','relays','nostr',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "e421a919fb774fa2", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000007',1788769863000000,NULL,NULL,NULL,NULL,0,NULL,0);
INSERT INTO "deliveries" VALUES('426b6e0e277a9a6b','welcome','sky','bluesky',0,NULL,1788769800000000,3600,7200.0,'skip','{"key": "426b6e0e277a9a6b", "due": "2026-09-07T09:30:00+01:00", "text": "Welcome back to a new term!", "spans": [], "markup": "", "html": "", "title": "", "summary": "", "link": null, "media": [], "language": "en", "reply_to": null, "options": {}}','config.yaml:34','publishing',NULL,1788769800000000,1,'{HOST}:4194305:written:000000000008',1788769863250000,NULL,NULL,NULL,NULL,0,NULL,0);
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
INSERT INTO "journal" VALUES(2,'c3bbeb7801063359','look','53aaef29bd7f338d5471dd59ad8e255525bfbf6b507f9d56464a1994ae16248b',0,3600.0,1788769800500000,1788769800500000,0,1788769800500000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'5B5D');
INSERT INTO "journal" VALUES(3,'c3bbeb7801063359','draft','9c2487abb1e9961e6b5adbbc8af4f8a6d07325d1bbad29577cd4563f075b2e1d',0,3600.0,1788769800750000,1788769800750000,0,1788769800750000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:00 GMT"}',X'7B226964223A20313030312C2022736C7567223A202277656C636F6D652D633362626562373830313036222C2022737461747573223A20226472616674222C20226C696E6B223A202268747470733A2F2F626C6F672E6578616D706C652E6F72672F77656C636F6D652D6333626265623738303130362F222C2022646174655F676D74223A2022323032362D30392D30375430383A33303A3030222C20227469746C65223A207B22726177223A202257656C636F6D65222C202272656E6465726564223A202257656C636F6D65227D2C2022636F6E74656E74223A207B22726177223A20223C703E57656C636F6D65206261636B20746F2061206E6577207465726D213C2F703E222C202272656E6465726564223A20223C703E57656C636F6D65206261636B20746F2061206E6577207465726D213C2F703E227D2C2022617574686F72223A20312C202274616773223A205B5D2C202263617465676F72696573223A205B5D2C202266656174757265645F6D65646961223A20307D');
INSERT INTO "journal" VALUES(4,'c3bbeb7801063359','publish','4ef6651d3022130d9c70249be66e83c816729754f9014b640f21a6633e8cadf5',1,-1.0,1788769801000000,1788769801000000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(5,'90b987924895ab3b','channel','ed75a5f1ae2ae7c5c0ba3508dab694292d72ef99bbd263702c31c453eed109e3',0,3600.0,1788769801250000,1788769801250000,0,1788769801250000,200,'{"content-type": "application/json", "date": "Mon, 07 Sep 2026 08:30:01 GMT"}',X'7B226368616E6E656C5F6964223A20223131222C20226775696C645F6964223A20223130227D');
INSERT INTO "journal" VALUES(6,'90b987924895ab3b','message','420cac3cd6ca0577213a13124a5c730d8d93ad3e0a46ea503a7654a4055b8342',1,0.0,1788769801500000,1788769801500000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(7,'e8d39e92a97da51c','posts','2db11fdc407c184791dba69f5ed1cec0927befa56c0546275a78944df9d35713',0,3600.0,1788769801750000,1788769801750000,0,1788769801750000,204,'{}',X'');
INSERT INTO "journal" VALUES(8,'e8d39e92a97da51c','index','3a5abae007ccf6ab92514da9a6aa35e3112aaf24e0e208407aabd59934a0fe07',0,3600.0,1788769802000000,1788769802000000,0,1788769802000000,204,'{}',X'');
INSERT INTO "journal" VALUES(9,'e8d39e92a97da51c','site','0594c091c92392fdffb5772cf2f5ff3cfea02e6aa054cd1a12fbb68792b56ab4',1,-1.0,1788769802250000,1788769802250000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(10,'00ebd7f220c573bb','status','63ee564a823b9d18f5404a750de7844f2a9c6d319601d56ede04bd34fcc5d958',1,0.0,1788769802500000,1788769802500000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(11,'2f798bac15ff30c3','status','cd645f9c14715274859d8e42136e2e6b5d4606abc6a95bf8f894ef220ab295e1',1,3600.0,1788769802750000,1788769802750000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(12,'1097ba07bd66a1a6','mail','3314159b5195e496cd633976356a85a62895a363be58a632b87ddee502712f15',1,0.0,1788769803000000,1788769803000000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(13,'e421a919fb774fa2','event','4644ca3621a249d13d02f3eec4b65a47eb5ebd276d898933e0c590b040f17e71',1,-1.0,1788769803250000,1788769803250000,0,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(14,'426b6e0e277a9a6b','post','9cabcdb14c36732f09d5844009cb91c44030d1cbaf4dfc390697ef8933d0fb30',1,-1.0,1788769803500000,1788769803500000,0,NULL,NULL,NULL,NULL);
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
