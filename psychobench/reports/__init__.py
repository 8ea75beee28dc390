"""Report: results to tables, sentences and figures."""
