// Extended attributes and the ACLs among them.
#pragma once

#include <pelton/runtime/kernel/calls.hpp>

namespace pelcp {

struct extended_wish {
    bool acls = false;
    bool others = false;
};

// Which ACLs a file has: for access, and the one a directory hands down.
struct acls {
    bool access = false;
    bool handed_down = false;
};

// Copies what `wish` names, best effort: a target that cannot hold an attribute goes without. Tells
// which ACLs the source has.
acls copy_extended(pelton::calls_face& calls, int from, int into, extended_wish wish);

// Takes away those of `unwanted` that the target has, leaving `mode`: it inherited them from its
// directory, or had them before.
void drop_acls(pelton::calls_face& calls, int into, unsigned mode, acls unwanted);

// Whether files made in `directory` inherit an ACL, which then decides about their modes.
bool hands_down_acl(pelton::calls_face& calls, int directory) noexcept;

}  // namespace pelcp
