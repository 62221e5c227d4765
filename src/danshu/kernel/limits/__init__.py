"""Every limit of the hub, with its unit. Documented in docs/reference/limits.md.

Whoever uses one imports it from here; which file it stands in is for those who look for it.
"""

from danshu.kernel.limits.after_sales import *  # noqa: F403
from danshu.kernel.limits.agent import *  # noqa: F403
from danshu.kernel.limits.amending import *  # noqa: F403
from danshu.kernel.limits.archive import *  # noqa: F403
from danshu.kernel.limits.assets import *  # noqa: F403
from danshu.kernel.limits.assistant import *  # noqa: F403
from danshu.kernel.limits.associations import *  # noqa: F403
from danshu.kernel.limits.catalogue import *  # noqa: F403
from danshu.kernel.limits.classification import *  # noqa: F403
from danshu.kernel.limits.coe import *  # noqa: F403
from danshu.kernel.limits.connectors import *  # noqa: F403
from danshu.kernel.limits.console import *  # noqa: F403
from danshu.kernel.limits.contract import *  # noqa: F403
from danshu.kernel.limits.delivery import *  # noqa: F403
from danshu.kernel.limits.devices import *  # noqa: F403
from danshu.kernel.limits.dialogues import *  # noqa: F403
from danshu.kernel.limits.dictionary import *  # noqa: F403
from danshu.kernel.limits.documents import *  # noqa: F403
from danshu.kernel.limits.forecasting import *  # noqa: F403
from danshu.kernel.limits.health import *  # noqa: F403
from danshu.kernel.limits.hearing import *  # noqa: F403
from danshu.kernel.limits.intents import *  # noqa: F403
from danshu.kernel.limits.language import *  # noqa: F403
from danshu.kernel.limits.learning import *  # noqa: F403
from danshu.kernel.limits.ledger import *  # noqa: F403
from danshu.kernel.limits.licensing import *  # noqa: F403
from danshu.kernel.limits.metrics import *  # noqa: F403
from danshu.kernel.limits.names import *  # noqa: F403
from danshu.kernel.limits.negotiation import *  # noqa: F403
from danshu.kernel.limits.network import *  # noqa: F403
from danshu.kernel.limits.order_skills import *  # noqa: F403
from danshu.kernel.limits.order_types import *  # noqa: F403
from danshu.kernel.limits.orders import *  # noqa: F403
from danshu.kernel.limits.originals import *  # noqa: F403
from danshu.kernel.limits.paid import *  # noqa: F403
from danshu.kernel.limits.parcels import *  # noqa: F403
from danshu.kernel.limits.people import *  # noqa: F403
from danshu.kernel.limits.perceiving import *  # noqa: F403
from danshu.kernel.limits.protection import *  # noqa: F403
from danshu.kernel.limits.reasons import *  # noqa: F403
from danshu.kernel.limits.reconciling import *  # noqa: F403
from danshu.kernel.limits.relay import *  # noqa: F403
from danshu.kernel.limits.routing import *  # noqa: F403
from danshu.kernel.limits.sandbox import *  # noqa: F403
from danshu.kernel.limits.selling import *  # noqa: F403
from danshu.kernel.limits.sentinel import *  # noqa: F403
from danshu.kernel.limits.settlement import *  # noqa: F403
from danshu.kernel.limits.speech import *  # noqa: F403
from danshu.kernel.limits.transfers import *  # noqa: F403
from danshu.kernel.limits.watermarks import *  # noqa: F403
from danshu.kernel.limits.weaving import *  # noqa: F403
