//! Indelible: the service around the log.
