#include "drizzle/schema/source_packages.h"

namespace pgadvise::drizzle {
namespace {

constexpr const char* supabase = R"(
  import { sql } from 'drizzle-orm';
  import { bigserial, pgRole, pgSchema, text, timestamp, uuid, varchar } from 'drizzle-orm/pg-core';
  export const anonRole = pgRole('anon').existing();
  export const authenticatedRole = pgRole('authenticated').existing();
  export const serviceRole = pgRole('service_role').existing();
  export const postgresRole = pgRole('postgres_role').existing();
  export const supabaseAuthAdminRole = pgRole('supabase_auth_admin').existing();
  const time = (name) => timestamp(name, { withTimezone: true });
  export const authUsers = pgSchema('auth').table('users', {
    id: uuid().primaryKey(), email: varchar({ length: 255 }), phone: text().unique(),
    emailConfirmedAt: time('email_confirmed_at'), phoneConfirmedAt: time('phone_confirmed_at'),
    lastSignInAt: time('last_sign_in_at'), createdAt: time('created_at'), updatedAt: time('updated_at'),
  });
  export const realtimeMessages = pgSchema('realtime').table('messages', {
    id: bigserial({ mode: 'bigint' }).primaryKey(), topic: text().notNull(), extension: text().notNull(),
  });
  export const authUid = sql`(select auth.uid())`;
  export const realtimeTopic = sql`realtime.topic()`;
)";

constexpr const char* neon = R"(
  import { sql } from 'drizzle-orm';
  import { jsonb, pgRole, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
  export const authenticatedRole = pgRole('authenticated').existing();
  export const anonymousRole = pgRole('anonymous').existing();
  export const authUid = (column) => sql`(select auth.user_id() = ${column})`;
  const time = (name) => timestamp(name, { withTimezone: true });
  export const usersSync = pgSchema('neon_auth').table('users_sync', {
    rawJson: jsonb('raw_json').notNull(), id: text().primaryKey(), name: text(), email: text(),
    createdAt: time('created_at'), deletedAt: time('deleted_at'), updatedAt: time('updated_at'),
  });
)";

}  // namespace

void provide_packages(typescript::Program& program) {
  program.provide("drizzle-orm/supabase", supabase);
  program.provide("drizzle-orm/neon", neon);
}

}  // namespace pgadvise::drizzle
