"""Draw: arrays to figures; nothing else imports matplotlib."""
