//! Endpoints below /v1/transit, each with its permission. Wire types live here and nowhere else.
