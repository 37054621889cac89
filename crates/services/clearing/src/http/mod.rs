//! Endpoints below /v1/clearing, each with its permission. Wire types live here and nowhere else.
