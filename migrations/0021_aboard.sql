-- What else comes with a declaration's plates and containers: asked at the barrier, where somebody waits.
create index declared_name_declaration on declared_name (declaration_no);
