//! The catalogue of rules: every way in which an answer, an exchange or a page can be wrong.

use std::fmt;

use crate::source::Span;

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; fails a case only under `--strict`.
    Warning,
    /// The target (or the page) deviates.
    Failure,
    /// Nothing could be judged: network or harness.
    Error,
}

impl Severity {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Failure => "failure",
            Severity::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose promise to keep a target is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// A client's: what Graph's versioning policy calls compatible is tolerated, such as new members
    /// and new members of enumerations that say they will grow.
    #[default]
    Consumer,
    /// A service's own: these are failures too.
    Producer,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which stays: `multi-status/hidden-failure`.
    pub name: &'static str,
    /// What breaking it weighs, unless the place says otherwise.
    pub severity: Severity,
    /// What it demands, in a sentence.
    pub sentence: &'static str,
    /// What to do when it is broken.
    pub remedy: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// An answer, exchange or page that breaks it.
    pub example: &'static str,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Rule {}

/// One rule broken, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The rule.
    pub rule: &'static Rule,
    /// What it weighs here.
    pub severity: Severity,
    /// JSON pointer into the answer, `header:NAME`, or nothing.
    pub at: Option<String>,
    /// What was promised.
    pub expected: String,
    /// What came.
    pub actual: String,
    /// One sentence for a person.
    pub message: String,
    /// The page line that promised otherwise.
    pub source: Option<Span>,
}

impl Deviation {
    /// A deviation with the rule's own severity and no place yet.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Deviation {
            rule,
            severity: rule.severity,
            at: None,
            expected: String::new(),
            actual: String::new(),
            message: message.into(),
            source: None,
        }
    }

    /// At this JSON pointer or `header:NAME`.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.at = Some(place.into());
        self
    }

    /// What was promised, and what came.
    #[must_use]
    pub fn between(mut self, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        self.expected = expected.into();
        self.actual = actual.into();
        self
    }

    /// A warning, whatever the rule weighs elsewhere.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// A failure, likewise.
    #[must_use]
    pub fn failure(mut self) -> Self {
        self.severity = Severity::Failure;
        self
    }
}

macro_rules! rules {
    ($($id:ident $name:literal $severity:ident $sentence:literal $remedy:literal $source:literal $example:literal)*) => {
        $(
            #[doc = $sentence]
            pub static $id: Rule = Rule {
                name: $name,
                severity: Severity::$severity,
                sentence: $sentence,
                remedy: $remedy,
                source: $source,
                example: $example,
            };
        )*
        /// Every rule, in the order of the catalogue.
        pub static ALL: &[&Rule] = &[$(&$id),*];
    };
}

rules! {
    STATUS_UNEXPECTED "status/unexpected" Failure
        "The status is one that the page promises for this request."
        "Answer the documented status; a status class is promised where the page says so (`accepts`)."
        "the page's response block; RFC 9110, section 15"
        "the page shows 200, the target answers 500"
    HEADER_CONTENT_TYPE "header/content-type" Failure
        "A body is labelled with the promised media type; parameters and case do not matter."
        "Send `Content-Type: application/json` with JSON bodies."
        "the page's response block; RFC 9110, section 8.3; OData JSON Format 4.01, section 3"
        "a JSON body sent as text/plain"
    HEADER_MISSING "header/missing" Failure
        "A header that carries part of the promise is there: Location, Preference-Applied, Allow."
        "Send the header; its value is free."
        "the page's response block; RFC 9110, sections 10.2.1 and 10.2.2"
        "the page shows 405 with Allow, the target answers 405 without"
    BODY_NOT_JSON "body/not-json" Failure
        "A body that is promised as JSON is one JSON text: UTF-8, no comments, no trailing commas, nothing after it."
        "Serialise with a JSON library instead of by hand."
        "RFC 8259"
        "{\"value\": [1, 2,]}"
    BODY_MISSING "body/missing" Failure
        "A promised body is there."
        "Send the documented body."
        "the page's response block"
        "200 with an empty body where the page shows a list"
    BODY_UNEXPECTED "body/unexpected" Failure
        "An answer that is promised without content has none."
        "Send 204 with no body and no Content-Length above 0."
        "the page's response block; RFC 9110, section 15.3.5"
        "204 with `Content-Length: 2` and `{}`"
    BODY_MISSING_MEMBER "body/missing-member" Failure
        "A member that every documented object at a place has, every answered one has."
        "Send the member under exactly the documented name, or mark it in `optionalProperties`."
        "the page's response block"
        "an item without `webUrl`, or with `weburl`"
    BODY_TYPE "body/type" Failure
        "A member has the JSON type that the page, or the type's schema, shows."
        "Send the documented type; null is tolerated (as a warning) only where nothing depends on the value."
        "the page's response block; specs/schemas"
        "{} where the page shows a string"
    BODY_FORMAT "body/format" Failure
        "A value has the format that the type's schema demands."
        "Send the format that the type names."
        "the metadata (--metadata) or specs/schemas; OData JSON Format 4.01, section 7.1"
        "`yesterday` for an Edm.DateTimeOffset"
    BODY_ENUM "body/enum" Failure
        "A value is one of those that its type has."
        "Send a value of the enumeration, in its spelling."
        "the metadata or specs/schemas; a warning for a consumer where the enumeration says that it will grow (unknownFutureValue)"
        "a status of `done` where the type has `completed`"
    BODY_UNKNOWN_MEMBER "body/unknown-member" Failure
        "An object whose type is closed holds no other members."
        "Drop the member, or open the type."
        "the metadata or specs/schemas; a warning for a consumer, since Graph adds members at any time"
        "an extra member where the type's schema forbids any"
    BODY_EMPTY_COLLECTION "body/empty-collection" Warning
        "A collection that the page shows with items has some, and one that it shows empty has none."
        "Nothing, if the target really has no such data."
        "the page's response block"
        "{\"value\": []} where the page shows two items"
    MULTI_STATUS_HIDDEN_FAILURE "multi-status/hidden-failure" Failure
        "A status of full success holds no failed entry."
        "Answer the partial status (207) as soon as one item failed."
        "the page's prose on partial success; RFC 4918, section 13"
        "200 with `error` in an entry of `value`"
    MULTI_STATUS_FALSE_ALARM "multi-status/false-alarm" Failure
        "The partial status holds at least one failed entry."
        "Answer the status of full success when no item failed."
        "the page's prose on partial success; RFC 4918, section 13"
        "207 whose entries hold no `error`"
    MULTI_STATUS_MISSING_ITEM "multi-status/missing-item" Failure
        "Every item asked for is accounted for: each one on full success, and on partial success each failure, and all successes or (where allowed) none."
        "Answer an entry for each item of the request."
        "the page's prose on partial success"
        "two items asked, one answered"
    MULTI_STATUS_UNASKED_ITEM "multi-status/unasked-item" Failure
        "Every entry is about an item of the request."
        "Answer the ids that were asked for, not fixed ones."
        "the page's prose on partial success"
        "an entry whose id was never sent"
    MULTI_STATUS_DUPLICATE_ITEM "multi-status/duplicate-item" Failure
        "No item is answered more often than it was asked for."
        "Answer one entry an item."
        "the page's prose on partial success"
        "the same id twice in `value`"
    MULTI_STATUS_CONTRADICTION "multi-status/contradiction" Failure
        "No item both fails and succeeds."
        "Answer one outcome an item."
        "the page's prose on partial success"
        "one entry of an id with `error`, another without"
    MULTI_STATUS_WRONG_OUTCOME "multi-status/wrong-outcome" Failure
        "Each documented item has its documented outcome."
        "Let the ids that the page shows failing fail, and the others succeed."
        "the page's response blocks"
        "the id that the page shows failing comes back as a success"
    MULTI_STATUS_FAILURE_SHAPE "multi-status/failure-shape" Failure
        "A failed entry carries its id and an `error` object with a string `code` and a string `message`."
        "Send id, code and message; an empty code or message is only a warning, since Graph's own pages show both."
        "the page's response block; OData JSON Format 4.01, section 21; Graph errors"
        "{\"error\": {\"code\": \"invalidRequest\"}} without an id"
    MULTI_STATUS_SUCCESS_SHAPE "multi-status/success-shape" Failure
        "A succeeded entry carries its id and conforms to the documented type."
        "Send the entry as the page shows it."
        "the page's response block"
        "{} among the followed items"
    MULTI_STATUS_ALL_FAILED "multi-status/all-failed" Warning
        "When every item fails, the answer is the partial status with an entry for each."
        "Nothing, if the service refuses the whole call then; no page documents it."
        "undocumented: Graph has been seen answering one 4xx for the whole call (microsoft-graph-docs#15931)"
        "404 with one error for a request whose items all fail"
    IDENTITY_COMPOSITE "identity/site-id" Warning
        "The parts of a composite id agree with the members that repeat them."
        "Build the id from the same values; ids may change format, so this is a warning."
        "the page's response block, where every documented object agrees; Graph's resource pages, `id`"
        "the id's last part differs from the member that repeats it"
    STATE_MISSING_ITEM "state/missing-item" Failure
        "What the request before it changed can be read back."
        "Keep what was added, for each user apart."
        "the page's `needs`: the request that runs just before this one"
        "two items added, one of them not in the list"
    STATE_UNEXPECTED_ITEM "state/unexpected-item" Failure
        "What the request before it removed, or could not add, is not read back."
        "Remove what was removed, and do not keep what failed."
        "the page's `needs`: the request that runs just before this one"
        "an item removed and still in the list"
    ERROR_ENVELOPE "error/envelope" Failure
        "An error answer is one object whose `error` has a string `code` and `message`; a success has no root `error`."
        "Send {\"error\": {\"code\": …, \"message\": …}} as JSON."
        "OData JSON Format 4.01, section 21; Graph errors; specs/schemas/error.json"
        "404 with an HTML page"
    ERROR_RETRY_AFTER "error/retry-after" Failure
        "429 and 503 say when to come back."
        "Send `Retry-After` in seconds."
        "Graph throttling guidance; RFC 9110, section 10.2.3; RFC 6585, section 4"
        "a promised 429 without Retry-After; one that is not promised is transport/throttled"
    ERROR_WWW_AUTHENTICATE "error/www-authenticate" Failure
        "401 says how to authenticate."
        "Send `WWW-Authenticate: Bearer …`."
        "RFC 9110, section 15.5.2"
        "401 without WWW-Authenticate"
    ODATA_ANNOTATION "odata/annotation" Failure
        "Control information has its type: context, nextLink and deltaLink are strings, count is a whole number, `@odata.type` names a type that may stand there."
        "Send the annotation in its type, or not at all."
        "OData JSON Format 4.01, section 4"
        "{\"@odata.count\": \"two\"}"
    ODATA_NEXT_LINK "odata/next-link" Failure
        "A link to the next page is a URL to follow."
        "Send an absolute URL, or leave it out on the last page."
        "OData JSON Format 4.01, section 4; Graph paging"
        "{\"@odata.nextLink\": \"\"}"
    SNAPSHOT_CHANGED "snapshot/changed" Failure
        "The answer equals the accepted snapshot, volatile values apart."
        "Look at the diff; run with `--update pending` and accept it, or mend the target."
        "the accepted snapshot file"
        "an accepted answer with a member more than today's"
    SNAPSHOT_MISSING "snapshot/missing" Failure
        "There is an accepted snapshot of the answer (only with --require-snapshots)."
        "Run with `--update pending`, review and accept."
        "the snapshot folder"
        "a new case whose answer nobody has accepted"
    TRANSPORT_REFUSED "transport/refused" Error
        "The target accepts a connection."
        "Start the target, and check host and port; `--wait` waits for one that is booting."
        "RFC 9293; RFC 1035"
        "nothing listens on the port, or the host is unknown"
    TRANSPORT_TIMEOUT "transport/timeout" Error
        "One attempt ends within --timeout."
        "Look at why the target hangs, or raise --timeout."
        "this tool's limit"
        "the target accepts, and says nothing"
    TRANSPORT_RESET "transport/reset" Error
        "The connection lasts until the answer is whole."
        "Look at the target's log: it closed in the middle."
        "RFC 9112, section 8"
        "half a body, then the connection closes"
    TRANSPORT_PROTOCOL "transport/protocol" Error
        "The answer is HTTP."
        "Check that the port speaks HTTP, and with or without TLS as the URL says."
        "RFC 9112"
        "an SSH banner"
    TRANSPORT_TLS "transport/tls" Error
        "The TLS handshake succeeds and the certificate is trusted."
        "Mend the certificate."
        "RFC 8446"
        "a self-signed certificate"
    TRANSPORT_TOO_LARGE "transport/too-large" Error
        "The decoded body is no larger than --max-body, and holds no absurd number of values."
        "Raise --max-body if the answer is right to be that large."
        "this tool's limit"
        "a gzip bomb"
    TRANSPORT_THROTTLED "transport/throttled" Error
        "The target lets a request through within --retry attempts."
        "Run fewer jobs at once, or raise --retry."
        "Graph throttling guidance"
        "429 to every attempt"
    PAGE_STATUS_PHRASE "page/status-phrase" Warning
        "A reason phrase is not that of another status."
        "Write the code's own phrase; readers go by the code, and phrases are never compared."
        "RFC 9110, section 15"
        "`201 OK`"
    PAGE_SHAPE "page/shape" Failure
        "A body is as its annotation and the metadata say: a list or one object, each value of its type."
        "Mend the body; or set or drop `isCollection` (or write `Collection(…)`), or name the right type."
        "the annotation language of Graph's documentation; OData JSON Format 4.01, section 7"
        "`isCollection: true` over one object; \"accountEnabled\": \"Boolean\""
    PAGE_UNKNOWN_TYPE "page/unknown-type" Warning
        "The types that an annotation and an example's `@odata.type` name are in the metadata."
        "Write the type's name as the metadata has it, with its namespace."
        "CSDL XML 4.01, section 4.1; OData JSON Format 4.01, section 4.6.3"
        "`microsoft.graph.activity` where the metadata has `microsoft.graph.userActivity`"
    PAGE_UNDECLARED_MEMBER "page/undeclared-member" Warning
        "The members that an example shows are declared by its type, unless that is open."
        "Drop the member or mend its name; where the object is of a derived type, say so with `@odata.type`."
        "CSDL XML 4.01, sections 6.3 and 9.2"
        "`subUnit` where the type has `subunit`"
    PAGE_ENUM_VALUE "page/enum-value" Warning
        "The value of an enumeration that an example shows is one of its members."
        "Show a member, in its spelling; flags are joined by commas."
        "CSDL XML 4.01, section 10; OData JSON Format 4.01, section 7.1"
        "`Organization` where the type has `organization`"
    PAGE_ERROR_BODY "page/error-body" Failure
        "An example of an error has an `error` with `code` and `message`."
        "Show the whole envelope: {\"error\": {\"code\": …, \"message\": …}}."
        "OData JSON Format 4.01, section 21; Graph errors"
        "404 with {\"error\": {\"code\": \"notFound\"}}"
    PAGE_MULTI_STATUS "page/multi-status" Failure
        "An example of 207 shows a failed entry, and one of full success shows none."
        "Show the error of the entry that failed, or the status that fits."
        "RFC 4918, section 13; the page's prose on partial success"
        "207 whose entries hold no `error`"
    PAGE_PROSE_STATUS "page/prose-status" Warning
        "The text under `Response` and the examples name the same statuses of success."
        "Mend the one that is wrong, or show an example of the other."
        "the page's prose"
        "the text says 201 Created, the only example shows 200 OK"
    PAGE_ID_MISMATCH "page/id-mismatch" Warning
        "The answer to a request for one thing is about that thing."
        "Use one id in the request and in the answer."
        "the page's request and response blocks"
        "GET /groups/02bd9fd6-… answered with another group's `id`"
    PAGE_CONTENT_TYPE "page/content-type" Failure
        "A body is of the media type that its label says."
        "Mend the `Content-Type`, or the body."
        "RFC 9110, section 8.3"
        "`Content-Type: text/plain` over a JSON object"
    PAGE_UNEXPECTED_BODY "page/unexpected-body" Failure
        "An answer that has no content shows none."
        "Drop the body, or show the status that comes with one."
        "RFC 9110, sections 15.3.5, 15.4.5 and 9.3.1"
        "204 No Content over a JSON object"
    PAGE_SECRET "page/secret" Failure
        "An example holds no credential that could be real."
        "Revoke it, and write {token} in its place."
        "RFC 6750; the formats that issuers publish"
        "`Authorization: Bearer eyJ…` with all three parts"
    PAGE_SUPPRESSION "page/suppression" Warning
        "What a page suppresses is there to be suppressed."
        "Drop the entry from `suppressions`."
        "the annotation language of Graph's documentation"
        "\"suppressions\": [\"page/json\"] on a page whose JSON is right"
    PAGE_HEADER "page/header" Failure
        "A line among header fields is one: a name without blanks, a colon, a value."
        "Mend the line; until then it is not sent."
        "RFC 9112, section 5"
        "`Content Type: application/json`"
    PAGE_SEVERAL_REQUESTS "page/several-requests" Warning
        "A block annotated as a request holds one."
        "Give each request a block of its own; until then the first is read, and the others are not."
        "the annotation language of Graph's documentation"
        "two lines that begin with GET in one block"
    PAGE_NO_BLANK_LINE "page/no-blank-line" Failure
        "A blank line stands between header fields and body."
        "Insert the blank line."
        "RFC 9112, section 2.1"
        "`Content-type: application/json` and on the next line `{`"
    PAGE_JSON "page/json" Failure
        "A body shown as JSON is JSON."
        "Mend the example; what can be mended is sent so, and the rest as text."
        "RFC 8259"
        "{\"a\": 1,}"
    PAGE_ANNOTATION "page/annotation" Failure
        "An annotation is a JSON object whose `graphspec` member holds what this tool knows."
        "Mend the comment before the block."
        "the annotation language of Graph's documentation"
        "<!-- { \"blockType\": \"request\", \"name\": -->"
    PAGE_ORPHAN_RESPONSE "page/orphan-response" Failure
        "A response follows the request it answers."
        "Add the request, or mend the `name` in its annotation."
        "the annotation language of Graph's documentation"
        "a response block before any request"
    PAGE_NO_RESPONSE "page/no-response" Warning
        "A request has a documented response."
        "Document one; until then the case is skipped."
        "the annotation language of Graph's documentation"
        "a request block with no response after it"
    PAGE_UNREACHABLE_PROMISE "page/unreachable-promise" Warning
        "A partial answer is about items that the shown request sends."
        "Show a request that names the items; until then the request is derived from the promise."
        "the page's request and response blocks"
        "the 207 blames an id that the request never sends"
    PAGE_DUPLICATE_NAME "page/duplicate-name" Warning
        "A request's name is its own on a page."
        "Rename one; until then the second case's id ends in -2."
        "the annotation language of Graph's documentation"
        "two requests of one name"
    PAGE_UNCLOSED "page/unclosed" Failure
        "A code fence is closed."
        "Close it with as many marks as opened it."
        "CommonMark, section 4.5"
        "``` to the end of the file"
    PAGE_ENCODING "page/encoding" Failure
        "A page is UTF-8."
        "Save it as UTF-8; bytes that are not were replaced."
        "RFC 3629"
        "a page saved as Latin-1"
}

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_rule_explains_itself() {
        for (at, rule) in ALL.iter().enumerate() {
            assert!(!ALL[..at].iter().any(|other| other.name == rule.name), "{}", rule.name);
            assert!(rule.sentence.ends_with('.') && rule.remedy.ends_with('.'), "{}", rule.name);
            assert!(!rule.source.is_empty() && !rule.example.is_empty(), "{}", rule.name);
        }
        assert_eq!(find("body/type"), Some(&BODY_TYPE));
        assert_eq!(find("body/typo"), None);
    }
}
