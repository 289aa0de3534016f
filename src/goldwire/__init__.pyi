from goldwire.api.comparison import agreement as agreement
from goldwire.api.comparison import compare as compare
from goldwire.api.comparison import gate as gate
from goldwire.api.corpus import open as open
from goldwire.api.record import Record as Record
from goldwire.api.record import read_record as read_record
from goldwire.api.score import score as score
from goldwire.api.structs import Annotations as Annotations
from goldwire.api.structs import Argument as Argument
from goldwire.api.structs import Document as Document
from goldwire.api.structs import Event as Event
from goldwire.api.structs import Mention as Mention
from goldwire.api.structs import Relation as Relation
from goldwire.api.structs import Span as Span
from goldwire.api.tags import score_tags as score_tags
from goldwire.corpora.errors import GoldwireError as GoldwireError
from goldwire.eval.measures.measure import Measure as Measure

__version__: str
