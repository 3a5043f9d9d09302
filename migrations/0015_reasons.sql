-- Why goods were written off, left the system or turned up: a list that is data. What is used once is never removed.

create table reason (
    act   text not null check (act in ('destroy', 'withdraw', 'lose', 'surplus', 'leave', 'hold')),
    code  text not null check (code ~ '^[a-z][a-z_]{1,39}$'),
    text  text not null,
    primary key (act, code)
);
comment on table reason is 'What may stand as the reason of a scan, by what the scan does';
comment on column reason.act is 'destroy: destroying; withdraw: decommissioning; lose: disposition stolen; surplus: stock_taking; leave: shipping to who is not registered; hold: holding, by customs';

insert into reason (act, code, text) values
    ('destroy', 'damaged', 'Broken or leaking'),
    ('destroy', 'expired', 'Past its expiry date'),
    ('destroy', 'quality', 'Below the standard that it was made to'),
    ('destroy', 'recalled', 'Recalled'),
    ('destroy', 'confiscated', 'By order of a court or an authority'),
    ('destroy', 'accident', 'Fire, flood or accident'),
    ('withdraw', 'sample', 'Taken as a sample for tests'),
    ('withdraw', 'own_use', 'Used by the firm itself'),
    ('withdraw', 'promotion', 'Tasting, exhibition or gift'),
    ('withdraw', 'label_damaged', 'The mark cannot be read any more'),
    ('withdraw', 'quality', 'Below the standard that it was made to'),
    ('withdraw', 'shortage', 'Missing in stock-taking'),
    ('withdraw', 'processed', 'Used up in making something else'),
    ('lose', 'theft', 'Stolen'),
    ('lose', 'robbery', 'Taken by force'),
    ('lose', 'lost_on_the_way', 'Lost by the carrier'),
    ('surplus', 'found', 'Found again'),
    ('surplus', 'miscounted', 'Counted wrong before'),
    ('surplus', 'not_announced', 'Delivered beyond what the documents name'),
    ('leave', 'own_use', 'To somebody who uses it up'),
    ('leave', 'restaurant', 'To a restaurant, canteen or bar that serves it'),
    ('leave', 'foreign_buyer', 'To a buyer abroad'),
    ('leave', 'charity', 'Given away for charity'),
    ('hold', 'documents', 'Documents are missing or do not fit'),
    ('hold', 'inspection', 'Waiting for an inspection'),
    ('hold', 'laboratory', 'Waiting for the result of a laboratory'),
    ('hold', 'origin', 'Its origin is to be explained'),
    ('hold', 'duty', 'Duty or excise is not paid');

grant select on reason to tamga_app, tamga_auditor;
