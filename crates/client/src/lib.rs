//! The verifying client: trusts the log's key, never the server.
