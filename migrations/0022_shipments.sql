-- What a participant sent and what is on its way to it, the newest first: its desk shows that, and a national ledger has others' too.
create index transit_sender on transit (sender, record_time);
create index transit_addressee on transit (addressee, record_time);
