-- The words of messages and the questions that a search asks of them.

-- A separator in a word is none in a search: inbox/search.py has the same list.
CREATE FUNCTION words_of(content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(content, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)) $$;
-- The index has each word behind its project's stretch of messages, so that a search asks for the newest first, reads of a
-- usual word no more than it shows, and never meets another project's. A few thousand messages to a stretch: of a word
-- that many have, a search reads one stretch whole; of one that few have, it asks each for it.
CREATE FUNCTION stretch_of(message bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT message / 16384 $$;
-- An index's function may call none of ours, which a server that rebuilds it does not look for; nor is it in SQL, which
-- every write to the index would read anew, to see whether it can stand in the function's place.
CREATE FUNCTION words_by_stretch(project bigint, message bigint, words tsvector) RETURNS tsvector LANGUAGE plpgsql
IMMUTABLE AS $$
BEGIN
    RETURN array_to_tsvector(string_to_array(project || '.' || message / 16384 || '.'
        || array_to_string(tsvector_to_array(words), ' ' || project || '.' || message / 16384 || '.'), ' '));
END $$;
-- The question to it, # in the place of the stretch: which messages have words that begin with all of these; null where
-- none of them is a word. Each stretch is asked by itself: a message that the index names is held against the whole
-- question, so that one about a hundred stretches takes a hundred times a hundred.
CREATE FUNCTION words_asked(project bigint, words tsvector) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(quote_literal(project || '.#.' || one) || ':*', ' & ') FROM unnest(tsvector_to_array(words)) AS one
$$;
-- A short list of what is not sorted in yet: every search reads all of it.
CREATE INDEX message_search_words ON message_search USING gin (words_by_stretch(project_id, message_id, search))
    WITH (gin_pending_list_limit = 256);
ALTER INDEX message_search_words ALTER COLUMN 1 SET STATISTICS 0; -- those of `search` say how common a word is
CREATE FUNCTION message_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM message_search s USING changed_rows r
        WHERE s.conversation_id = r.conversation_id AND s.message_id = r.id;
    ELSE
        INSERT INTO message_search (project_id, message_id, conversation_id, search)
        SELECT r.project_id, r.id, r.conversation_id, to_tsvector('simple', words_of(r.content)) FROM changed_rows r;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER message_come AFTER INSERT ON message
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION message_found();
CREATE TRIGGER message_gone AFTER DELETE ON message
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION message_found();
