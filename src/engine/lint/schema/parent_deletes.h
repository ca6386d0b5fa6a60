// Whether rows that a foreign key references are deleted, as far as the schema and the log show.
#pragma once

#include "lint/run/context.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

// Whether rows of the parent are deleted, so that each DELETE reads the child: the key has an ON DELETE
// action, or the log has a DELETE on the parent.
bool parent_rows_deleted(const Context& context, const Constraint& key);

// Whether the key names the user who did something (closed_by, approvedById, createdByUserId; of a table of
// users also creator_id, approver_user_id). Such parents are rarely deleted, and few queries join from a user
// to such rows. Not referred_by, owned_by, author_id and the like, which queries do join by.
bool names_an_actor(const Constraint& key);

// Whether the key's parent has a CHECK that limits the referenced column to constants: c IN ('a', 'b'),
// c = ANY (ARRAY['a', 'b']). Its rows are part of the schema: only a migration adds or deletes one.
bool references_constants(const Context& context, const Constraint& key);

// Whether the key's parent is a lookup table, by its name and form. Its rows are part of the application and
// are hardly ever deleted. false with ON DELETE CASCADE.
bool references_lookup(const Context& context, const Constraint& key);

}  // namespace pgadvise::lint
