"""What is measured. A section adds its subjects to the common rounds, and says its figures after them."""

from apart import Apart
from broker import Broker
from database import Database
from growth import Argon2id, Many, Shadow, Users
from logins import Logins
from peers import Peers
from refusals import Refusals
from services import Servers
from tool import Tool

SECTIONS = {
    "logins": Logins,
    "peers": Peers,
    "broker": Broker,
    "database": Database,
    "refusals": Refusals,
    "apart": Apart,
    "users": Users,
    "shadow": Shadow,
    "argon2id": Argon2id,
    "many": Many,
    "tool": Tool,
    "servers": Servers,
}
