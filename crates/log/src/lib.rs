//! The log engine: sequencer, sealer, published heads, reader and recovery.
