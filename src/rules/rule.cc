#include "rules/rule.h"

namespace ctwin::rules {

const char* name_of(TableId table) {
  static constexpr const char* kNames[kTables] = {"raw", "mangle", "nat", "filter", "security"};
  return kNames[static_cast<size_t>(table)];
}

std::optional<TableId> table_named(std::string_view name) {
  for (size_t i = 0; i < kTables; ++i)
    if (name == name_of(static_cast<TableId>(i))) return static_cast<TableId>(i);
  return {};
}

bool has_hook(TableId table, Hook hook) {
  switch (table) {
    case TableId::kRaw: return hook == Hook::kPrerouting || hook == Hook::kOutput;
    case TableId::kMangle: return true;
    case TableId::kNat: return hook != Hook::kForward;
    case TableId::kFilter:
    case TableId::kSecurity: return hook != Hook::kPrerouting && hook != Hook::kPostrouting;
  }
  return false;
}

uint32_t Table::chain_named(std::string_view name) {
  if (chain_index.size() != chains.size()) {
    chain_index.clear();
    for (uint32_t i = 0; i < chains.size(); ++i) chain_index.emplace(chains[i].name, i);
  }
  const auto found = chain_index.find(name);
  return found == chain_index.end() ? kNoChain : found->second;
}

Table* Ruleset::find(TableId id) {
  for (Table& table : tables)
    if (table.id == id) return &table;
  return nullptr;
}

const Table* Ruleset::find(TableId id) const { return const_cast<Ruleset*>(this)->find(id); }

Table& Ruleset::instantiate(TableId id) {
  if (Table* table = find(id)) return *table;
  Table& table = tables.emplace_back();
  table.id = id;
  for (size_t i = 0; i < conntrack::kHooks; ++i) {
    const Hook hook = static_cast<Hook>(i);
    if (!has_hook(id, hook)) continue;
    Chain& chain = table.chains.emplace_back();
    chain.name = conntrack::name_of(hook);
    chain.built_in = true;
    chain.hook = hook;
  }
  return table;
}

}  // namespace ctwin::rules
