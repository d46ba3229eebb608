"""Indexes: how each of the four is asked, and how its answers become papers. One that cannot be read is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from assay.models.literature.fetch import Fetcher, SourceDown, get_json
from assay.models.literature.paper import Paper, doi_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Search = Callable[[Fetcher, str, str, int, Mapping[str, str]], list[Paper]]
"""Fetcher, base address, query, most papers, environment (keys only) to papers."""


def semantic_scholar(fetcher: Fetcher, base: str, query: str, limit: int, environ: Mapping[str, str]) -> list[Paper]:
    """Search the Academic Graph of Semantic Scholar: https://api.semanticscholar.org/api-docs/graph."""
    key = environ.get("SEMANTIC_SCHOLAR_API_KEY", "")
    fields = "title,authors,year,venue,abstract,externalIds,url"
    found = get_json(
        lambda: fetcher.get(
            f"{base}/paper/search",
            {"query": query, "limit": str(limit), "fields": fields},
            headers={"x-api-key": key} if key else None,
        ),
        "Semantic Scholar",
    )
    return _papers(map(_of_semantic_scholar, _list(found, "data", "Semantic Scholar", empty=_nothing(found))))


def openalex(fetcher: Fetcher, base: str, query: str, limit: int, environ: Mapping[str, str]) -> list[Paper]:
    """Search OpenAlex; pyalex writes the query and puts abstracts together from their inverted index."""
    import pyalex

    wanted = ["id", "doi", "display_name", "publication_year", "authorships", "primary_location"]
    asked = urlsplit(pyalex.Works().search(query).select([*wanted, "abstract_inverted_index"]).url)
    key = environ.get("OPENALEX_API_KEY", "")
    params = {"per-page": str(limit), **({"api_key": key} if key else {})}
    found = get_json(lambda: fetcher.get(f"{base}{asked.path}?{asked.query}", params, pause_s=0.2), "OpenAlex")
    works = (pyalex.Work(item) for item in _list(found, "results", "OpenAlex") if isinstance(item, dict))
    return _papers(map(_of_openalex, works))


def pubmed(fetcher: Fetcher, base: str, query: str, limit: int, environ: Mapping[str, str]) -> list[Paper]:
    """Search PubMed by its E-utilities: https://www.ncbi.nlm.nih.gov/books/NBK25499/."""
    key = environ.get("NCBI_API_KEY", "")
    common = {"db": "pubmed", "tool": "assay", **({"api_key": key} if key else {})}
    pause_s = 0.11 if key else 0.35  # three calls a second without a key, ten with one
    asked = {**common, "term": query, "retmax": str(limit), "retmode": "json", "sort": "relevance"}
    found = get_json(lambda: fetcher.get(f"{base}/esearch.fcgi", asked, pause_s=pause_s), "PubMed")
    ids = _list(found.get("esearchresult") if isinstance(found, dict) else None, "idlist", "PubMed")
    ids = [str(one) for one in ids if str(one).isdigit()][:limit]
    if not ids:
        return []
    body = fetcher.get(f"{base}/efetch.fcgi", {**common, "id": ",".join(ids), "retmode": "xml"}, pause_s=pause_s)
    return _papers(map(_of_pubmed, _xml(body, "PubMed").iter("PubmedArticle")))


def arxiv(fetcher: Fetcher, base: str, query: str, limit: int, environ: Mapping[str, str]) -> list[Paper]:
    """Search arXiv by the client of the `arxiv` package, whose requests go through `fetcher`."""
    import arxiv as library

    client = library.Client(page_size=limit, delay_seconds=0.0, num_retries=0)  # the fetcher waits and repeats
    client.query_url_format = base + "/query?{}"
    client._session = _Session(fetcher)
    asked = library.Search(query=_arxiv_query(query), max_results=limit)
    return _papers(_of_arxiv(result) for result in client.results(asked))


INDEXES: Mapping[str, Search] = {
    "semantic_scholar": semantic_scholar,
    "openalex": openalex,
    "pubmed": pubmed,
    "arxiv": arxiv,
}


class _Session:
    """What arXiv's client needs of a session: bounded, repeated and paced by a fetcher."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.status_code = 200
        self.content = b""

    def get(self, url: str, headers: Mapping[str, str]) -> _Session:
        """Return itself with the body; arXiv asks for three seconds between calls."""
        self.content = self._fetcher.get(url, headers=headers, pause_s=3.0)
        _xml(self.content, "arXiv")  # the client takes a broken feed for an empty one
        return self


def _of_semantic_scholar(item: Mapping[str, Any]) -> dict[str, Any]:
    ids = item.get("externalIds") or {}
    return {
        "title": item.get("title"),
        "authors": [author.get("name") for author in item.get("authors") or ()],
        "year": item.get("year"),
        "venue": item.get("venue"),
        "abstract": item.get("abstract"),
        "doi": ids.get("DOI"),
        "arxiv": ids.get("ArXiv") or "",
        "pubmed": str(ids.get("PubMed") or ""),
        "url": item.get("url") or "",
        "source": "semantic_scholar",
    }


def _of_openalex(work: Any) -> dict[str, Any]:
    place = (work.get("primary_location") or {}).get("source") or {}
    return {
        "title": work.get("display_name"),
        "authors": [(one.get("author") or {}).get("display_name") for one in work.get("authorships") or ()],
        "year": work.get("publication_year"),
        "venue": place.get("display_name"),
        "abstract": work["abstract"] if work.get("abstract_inverted_index") else "",
        "doi": work.get("doi"),
        "url": work.get("id") or "",
        "source": "openalex",
    }


def _of_pubmed(article: Element) -> dict[str, Any]:
    number = article.findtext("MedlineCitation/PMID") or ""
    year = (article.findtext(".//JournalIssue/PubDate/Year") or article.findtext(".//PubDate/MedlineDate") or "")[:4]
    dois = (one.text for one in article.iterfind("PubmedData/ArticleIdList/ArticleId") if one.get("IdType") == "doi")
    return {
        "title": _text(article.find(".//ArticleTitle")),
        "authors": [_author(one) for one in article.iterfind(".//AuthorList/Author")],
        "year": int(year) if year.isdigit() else None,
        "venue": article.findtext(".//Journal/Title"),
        "abstract": " ".join(_text(part) for part in article.iterfind(".//Abstract/AbstractText")),
        "doi": next(dois, ""),
        "pubmed": number,
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{number}/",
        "source": "pubmed",
    }


def _of_arxiv(result: Any) -> dict[str, Any]:
    return {
        "title": result.title,
        "authors": [author.name for author in result.authors],
        "year": result.published.year if result.published else None,
        "venue": result.journal_ref or "arXiv",
        "abstract": result.summary,
        "doi": doi_of(result.doi),
        "arxiv": result.get_short_id().split("v")[0],
        "url": result.entry_id,
        "source": "arxiv",
    }


def _papers(items: Iterable[Mapping[str, Any]]) -> list[Paper]:
    """Return what can be read of `items`; an odd record costs itself, not the rest."""
    kept: list[Paper] = []
    readable = iter(items)
    while True:
        try:
            kept.append(Paper.model_validate(next(readable)))
        except StopIteration:
            return kept
        except (ValidationError, TypeError, AttributeError, KeyError, ValueError):
            continue


def _nothing(found: Any) -> bool:
    """Return whether Semantic Scholar says that it found nothing: then there is no list at all."""
    return isinstance(found, dict) and found.get("total") == 0


def _list(found: Any, name: str, who: str, *, empty: bool = False) -> list[Any]:
    items = found.get(name) if isinstance(found, dict) else None
    if items is None and empty:
        return []
    if not isinstance(items, list):
        raise SourceDown(f"{who} answered without {name!r}")
    return items


def _xml(body: bytes, who: str) -> Element:
    """Return the root of an XML answer; one that declares entities is refused: they can grow without bound."""
    from xml.etree import ElementTree

    if b"<!ENTITY" in body:
        raise SourceDown(f"{who} answered with XML that declares entities")
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise SourceDown(f"{who} answered with something that is no XML") from error


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext())


def _author(element: Element) -> str:
    names = (element.findtext(name) or "" for name in ("ForeName", "LastName"))
    return " ".join(name for name in names if name) or element.findtext("CollectiveName") or ""


def _arxiv_query(query: str) -> str:
    """Return the words of a query joined by AND: signs of arXiv's own grammar are dropped."""
    words: Iterator[str] = ("".join(c for c in word if c.isalnum() or c == "-").strip("-") for word in query.split())
    return " AND ".join(f"all:{word}" for word in words if word)
