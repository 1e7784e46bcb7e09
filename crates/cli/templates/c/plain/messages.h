/* What programs can ask {{name}}. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "opendriver-driver.h"

#define COUNTER_ADD DRV_USER         /* adds lparam1, answers the count */
#define COUNTER_READ (DRV_USER + 1)  /* answers the count */
#define COUNTER_RESET (DRV_USER + 2) /* goes back to the start, answers it */

#endif
