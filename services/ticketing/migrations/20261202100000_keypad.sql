-- Keys as they are typed on a telephone, where each character is the digit it stands on. Others wait to write while the index is made.
create index ticket_keypad_idx on ticketing.ticket
    (translate(tracking_key, 'ABCDEFGHJKMNPQRSTVWXYZ', '2223334455667777889999'));
