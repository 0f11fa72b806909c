// Extended attributes and the ACLs among them.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

namespace pelcp {

struct extended_wish {
    bool acls = false;
    bool others = false;
};

// Copies what `wish` names, best effort: a target that cannot hold an attribute goes without. True
// when the source has an ACL for access.
bool copy_extended(pelton::calls_face& calls, int from, int into, extended_wish wish);

// Takes away the ACLs that the target inherited from its directory, leaving `mode`.
void drop_inherited_acls(pelton::calls_face& calls, int into, unsigned mode, bool is_folder);

// Whether files made in `directory` inherit an ACL, which then decides about their modes.
bool hands_down_acl(pelton::calls_face& calls, int directory) noexcept;

}  // namespace pelcp
