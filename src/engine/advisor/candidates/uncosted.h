// Candidates for index types that HypoPG does not support: GIN for jsonb, arrays, full text and LIKE '%x%'.
#pragma once

#include <vector>

#include "advisor/ddl/index_ddl.h"
#include "model/queries/workload.h"
#include "model/results/advice.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

// One index for each column and operator class that a query needs and no index serves yet.
std::vector<UncostedIndex> uncosted(const std::vector<const Query*>& queries, const Catalog& catalog,
                                    IndexNamer& namer);

}  // namespace pgadvise::advisor
