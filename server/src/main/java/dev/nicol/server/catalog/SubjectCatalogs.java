package dev.nicol.server.catalog;

import dev.nicol.policy.Subject;

/** Finds the catalogue of a subject; cached, so that metadata calls cost microseconds. */
public interface SubjectCatalogs {
    SubjectCatalog of(Subject subject);
}
