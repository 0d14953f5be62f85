#include "nat/nat.h"
