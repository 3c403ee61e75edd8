"""Points: members, programme, earning, spending, partner awards, keys."""
